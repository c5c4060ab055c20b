import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fillUnset, set } from '../../defaulting.ts'
import type { admissionregistration } from '../../generated/types/index.ts'
import { kindUnderVersion } from '../../in-version.ts'
import { formatParamKind } from '../policy-columns.ts'
import { staticSuffixWarnings } from '../static-suffix.ts'
import { defaultMatchResources } from '../webhook-defaults.ts'
import { validateMutatingPolicy } from './validate.ts'

type Policy = admissionregistration.v1.MutatingAdmissionPolicy

function defaultPolicy(policy: Policy): Policy {
  let spec = fillUnset(policy.spec ?? {}, { failurePolicy: 'Fail' })
  if (spec.matchConstraints !== undefined)
    spec = set(spec, 'matchConstraints', defaultMatchResources(spec.matchConstraints))
  return set(policy, 'spec', spec)
}

export const MutatingAdmissionPolicy = defineKind<Policy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  resource: 'mutatingadmissionpolicies',
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy',
  changedMetadata: ['whole'],
  looseFinalizers: true,
  categories: ['api-extensions'],
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  defaults: defaultPolicy,
  validate: validateMutatingPolicy,
  warnings: staticSuffixWarnings,
  columns: [
    nameColumn,
    {
      name: 'Mutations',
      type: 'integer',
      value: ({ spec }) => (spec?.mutations ?? []).length,
    },
    {
      name: 'ParamKind',
      type: 'string',
      value: ({ spec }) => formatParamKind(spec?.paramKind),
    },
    ageColumn,
  ],
})

export const MutatingAdmissionPolicyV1Beta1 = kindUnderVersion(MutatingAdmissionPolicy, {
  version: 'v1beta1',
  schema: 'io.k8s.api.admissionregistration.v1beta1.MutatingAdmissionPolicy',
})

export const MutatingAdmissionPolicyV1Alpha1 = kindUnderVersion(MutatingAdmissionPolicy, {
  version: 'v1alpha1',
  schema: 'io.k8s.api.admissionregistration.v1alpha1.MutatingAdmissionPolicy',
  deprecated: { since: '1.35', removed: '1.38' },
})
