import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fillUnset, set } from '../../defaulting.ts'
import type { admissionregistration } from '../../generated/types/index.ts'
import { kindUnderVersion } from '../../in-version.ts'
import { formatParamRef } from '../policy-columns.ts'
import { staticSuffixWarnings } from '../static-suffix.ts'
import { validateBindingSpec } from '../validate-binding.ts'
import { validateMutatingOperations } from '../validate-match-resources.ts'
import { defaultMatchResources } from '../webhook-defaults.ts'

type Binding = admissionregistration.v1.MutatingAdmissionPolicyBinding

function defaultBinding(binding: Binding): Binding {
  const { spec } = binding
  if (spec?.matchResources === undefined) return binding
  return set(binding, 'spec', set(spec, 'matchResources', defaultMatchResources(spec.matchResources)))
}

function validate({ spec }: Binding): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  validateBindingSpec(spec ?? {}, path, errors)
  const match = spec?.matchResources
  if (match !== undefined) validateMutatingOperations(match, path.child('matchResources'), errors)
  return errors
}

export const MutatingAdmissionPolicyBinding = defineKind<Binding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  resource: 'mutatingadmissionpolicybindings',
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding',
  changedMetadata: ['whole'],
  looseFinalizers: true,
  categories: ['api-extensions'],
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  defaults: defaultBinding,
  validate,
  warnings: staticSuffixWarnings,
  columns: [
    nameColumn,
    {
      name: 'PolicyName',
      type: 'string',
      value: ({ spec }) => spec?.policyName ?? '',
    },
    {
      name: 'ParamRef',
      type: 'string',
      value: ({ spec }) => formatParamRef(spec?.paramRef),
    },
    ageColumn,
  ],
})

export const MutatingAdmissionPolicyBindingV1Beta1 = kindUnderVersion(MutatingAdmissionPolicyBinding, {
  version: 'v1beta1',
  schema: 'io.k8s.api.admissionregistration.v1beta1.MutatingAdmissionPolicyBinding',
})

export const MutatingAdmissionPolicyBindingV1Alpha1 = kindUnderVersion(MutatingAdmissionPolicyBinding, {
  version: 'v1alpha1',
  schema: 'io.k8s.api.admissionregistration.v1alpha1.MutatingAdmissionPolicyBinding',
  defaults: (binding) => {
    const { spec } = binding
    if (spec?.paramRef === undefined) return defaultBinding(binding)
    const paramRef = fillUnset(spec.paramRef, { parameterNotFoundAction: 'Deny' })
    return defaultBinding(set(binding, 'spec', set(spec, 'paramRef', paramRef)))
  },
  deprecated: { since: '1.35', removed: '1.38' },
})
