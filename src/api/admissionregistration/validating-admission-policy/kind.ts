import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fillUnset, set } from '../../defaulting.ts'
import type { admissionregistration } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import { formatParamKind } from '../policy-columns.ts'
import { staticSuffixWarnings } from '../static-suffix.ts'
import { defaultMatchResources } from '../webhook-defaults.ts'
import { validateValidatingPolicy } from './validate.ts'

type Policy = admissionregistration.v1.ValidatingAdmissionPolicy

function defaultPolicy(policy: Policy): Policy {
  let spec = fillUnset(policy.spec ?? {}, { failurePolicy: 'Fail' })
  if (spec.matchConstraints !== undefined)
    spec = set(spec, 'matchConstraints', defaultMatchResources(spec.matchConstraints))
  return set(policy, 'spec', spec)
}

export const ValidatingAdmissionPolicy = defineKind<Policy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  resource: 'validatingadmissionpolicies',
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  changedMetadata: ['whole'],
  looseFinalizers: true,
  categories: ['api-extensions'],
  resetFields: { status: ['metadata', 'spec'] },
  subresources: { status: {} },
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  defaults: defaultPolicy,
  prepareForUpdate: carryOverMetadata,
  validate: validateValidatingPolicy,
  warnings: staticSuffixWarnings,
  columns: [
    nameColumn,
    {
      name: 'Validations',
      type: 'integer',
      value: ({ spec }) => (spec?.validations ?? []).length,
    },
    {
      name: 'ParamKind',
      type: 'string',
      value: ({ spec }) => formatParamKind(spec?.paramKind),
    },
    ageColumn,
  ],
})
