import { validateConditions } from '../../../apimachinery/condition-validation.ts'
import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, notSupported } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import {
  hasInvalidLabelValue,
  validateLabelSelector,
} from '../../../apimachinery/label-selector-validation.ts'
import { checkNonNegative } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { policy } from '../../generated/types/index.ts'
import { validateAtMost100Percent, validateIntOrPercent } from '../../validate-workload.ts'

type PodDisruptionBudget = policy.v1.PodDisruptionBudget

const evictionPolicies: readonly string[] = ['AlwaysAllow', 'IfHealthyBudget']
const limits = ['minAvailable', 'maxUnavailable'] as const
const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const

function validateSpec(
  spec: policy.v1.PodDisruptionBudgetSpec,
  old: policy.v1.PodDisruptionBudgetSpec | undefined,
  errors: FieldError[],
): void {
  const path = fieldPath('spec')
  if (limits.every((field) => spec[field] !== undefined))
    errors.push(invalidValue(path, spec, 'minAvailable and maxUnavailable cannot be both set'))
  for (const field of limits) {
    const value = spec[field]
    if (value === undefined) continue
    validateIntOrPercent(value, path.child(field), errors)
    validateAtMost100Percent(value, path.child(field), errors)
  }
  validateLabelSelector(spec.selector, path.child('selector'), errors, hasInvalidLabelValue(old?.selector))
  const eviction = spec.unhealthyPodEvictionPolicy
  if (eviction !== undefined && !evictionPolicies.includes(eviction))
    errors.push(notSupported(path.child('unhealthyPodEvictionPolicy'), eviction, evictionPolicies))
}

function validate(
  budget: PodDisruptionBudget,
  old: PodDisruptionBudget | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old === undefined || context.subresource !== 'status') {
    validateSpec(budget.spec ?? {}, old?.spec, errors)
    return errors
  }
  const path = fieldPath('status')
  validateConditions(budget.status?.conditions, path.child('conditions'), errors)
  for (const field of counts) checkNonNegative(budget.status?.[field], path.child(field), errors)
  return errors
}

export const PodDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  metadataIsCheckedLast: true,
  resource: 'poddisruptionbudgets',
  namespaced: true,
  schema: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  changedMetadata: [],
  looseFinalizers: true,
  nameRule: 'path-segment',
  shortNames: ['pdb'],
  subresources: { status: {} },
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: (budget) => ({
    ...budget,
    status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  }),
  validate,
  columns: [
    nameColumn,
    {
      name: 'Min Available',
      type: 'string',
      value: ({ spec }) => String(spec?.minAvailable ?? 'N/A'),
    },
    {
      name: 'Max Unavailable',
      type: 'string',
      value: ({ spec }) => String(spec?.maxUnavailable ?? 'N/A'),
    },
    {
      name: 'Allowed Disruptions',
      type: 'integer',
      value: ({ status }) => status?.disruptionsAllowed ?? 0,
    },
    ageColumn,
  ],
})
