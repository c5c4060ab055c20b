import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { checkNonNegative, checkNonNegativeQuantity } from '../../checks.ts'
import type { autoscaling } from '../../generated/types/index.ts'
import { validateMetrics } from './validate-metrics.ts'
import { apiVersionError, validateReference } from './validate-reference.ts'

type HorizontalPodAutoscaler = autoscaling.v2.HorizontalPodAutoscaler
type Spec = Partial<autoscaling.v2.HorizontalPodAutoscalerSpec>

const maxPeriodSeconds = 1800
const maxWindowSeconds = 3600
const selectPolicies: readonly string[] = ['Disabled', 'Max', 'Min']
const policyTypes: readonly string[] = ['Percent', 'Pods']

function validatePolicy(
  { type = '', value = 0, periodSeconds = 0 }: Partial<autoscaling.v2.HPAScalingPolicy>,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!policyTypes.includes(type)) errors.push(notSupported(path.child('type'), type, policyTypes))
  if (value <= 0) errors.push(invalidValue(path.child('value'), value, 'must be greater than zero'))
  const where = path.child('periodSeconds')
  if (periodSeconds <= 0) errors.push(invalidValue(where, periodSeconds, 'must be greater than zero'))
  if (periodSeconds > maxPeriodSeconds)
    errors.push(invalidValue(where, periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`))
}

function validateRules(
  rules: autoscaling.v2.HPAScalingRules | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (rules === undefined) return
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules
  const where = path.child('stabilizationWindowSeconds')
  if (window < 0) errors.push(invalidValue(where, window, 'must be greater than or equal to zero'))
  if (window > maxWindowSeconds)
    errors.push(invalidValue(where, window, `must be less than or equal to ${maxWindowSeconds}`))
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy))
    errors.push(notSupported(path.child('selectPolicy'), selectPolicy, selectPolicies))
  if (policies.length === 0) errors.push(required(path.child('policies'), 'must specify at least one Policy'))
  policies.forEach((policy, index) => {
    validatePolicy(policy, path.child('policies').index(index), errors)
  })
  if (tolerance !== undefined) checkNonNegativeQuantity(tolerance, path.child('tolerance'), errors)
}

/** `lowest`: 0 only where a feature, or what was there before, has it. */
function validateReplicas(spec: Spec, lowest: number, path: FieldPath, errors: FieldError[]): void {
  const { minReplicas, maxReplicas = 0 } = spec
  const where = path.child('maxReplicas')
  if (minReplicas !== undefined && minReplicas < lowest) {
    const detail = `must be greater than or equal to ${lowest}`
    errors.push(invalidValue(path.child('minReplicas'), minReplicas, detail))
  }
  if (maxReplicas === 0) errors.push(required(where, 'must be set and greater than 0'))
  else if (maxReplicas < 0)
    errors.push(invalidValue(where, maxReplicas, 'must be greater than or equal to 1'))
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    errors.push(invalidValue(where, maxReplicas, 'must be greater than or equal to `minReplicas`'))
}

function validateSpec(spec: Spec, old: Spec | undefined, toZero: boolean, errors: FieldError[]): void {
  const path = fieldPath('spec')
  validateReplicas(spec, toZero || old?.minReplicas === 0 ? 0 : 1, path, errors)
  const target = spec.scaleTargetRef
  const before = old?.scaleTargetRef
  const unchanged =
    before !== undefined && before.apiVersion === target?.apiVersion && before.kind === target?.kind
  const wants = unchanged ? 'anything' : target?.kind === 'ReplicationController' ? 'version' : 'group'
  validateReference(target, wants, path.child('scaleTargetRef'), errors)
  const wereWrong = (old?.metrics ?? []).some(
    ({ object }) => object !== undefined && apiVersionError(object.describedObject, 'version') !== undefined,
  )
  validateMetrics(spec, wereWrong ? 'anything' : 'version', path.child('metrics'), errors)
  validateRules(spec.behavior?.scaleUp, path.child('behavior').child('scaleUp'), errors)
  validateRules(spec.behavior?.scaleDown, path.child('behavior').child('scaleDown'), errors)
}

export function validateAutoscaler(
  autoscaler: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old === undefined || context.subresource !== 'status')
    validateSpec(autoscaler.spec ?? {}, old?.spec, context.features.enabled('HPAScaleToZero'), errors)
  else
    for (const field of ['currentReplicas', 'desiredReplicas'] as const)
      checkNonNegative(autoscaler.status?.[field], fieldPath('status').child(field), errors)
  return errors
}
