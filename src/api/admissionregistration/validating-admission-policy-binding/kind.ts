import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { set } from '../../defaulting.ts'
import type { admissionregistration } from '../../generated/types/index.ts'
import { formatParamRef } from '../policy-columns.ts'
import { staticSuffixWarnings } from '../static-suffix.ts'
import { validateBindingSpec } from '../validate-binding.ts'
import { defaultMatchResources } from '../webhook-defaults.ts'

type Binding = admissionregistration.v1.ValidatingAdmissionPolicyBinding

function defaultBinding(binding: Binding): Binding {
  const { spec } = binding
  if (spec?.matchResources === undefined) return binding
  return set(binding, 'spec', set(spec, 'matchResources', defaultMatchResources(spec.matchResources)))
}

const actions: readonly string[] = ['Audit', 'Deny', 'Warn']

function validateActions(own: readonly string[], errors: FieldError[]): void {
  const path = fieldPath('spec').child('validationActions')
  own.forEach((action, index) => {
    if (!actions.includes(action)) errors.push(notSupported(path.index(index), action, actions))
    if (own.indexOf(action) < index) errors.push(duplicate(path.index(index), action))
  })
  if (own.includes('Deny') && own.includes('Warn')) {
    const detail =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
    errors.push(invalidValue(path, own, detail))
  }
  if (own.length === 0) errors.push(required(path, 'at least one validation action is required'))
}

function validate({ spec }: Binding): readonly FieldError[] {
  const errors: FieldError[] = []
  validateBindingSpec(spec ?? {}, fieldPath('spec'), errors)
  validateActions(spec?.validationActions ?? [], errors)
  return errors
}

export const ValidatingAdmissionPolicyBinding = defineKind<Binding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  resource: 'validatingadmissionpolicybindings',
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
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
