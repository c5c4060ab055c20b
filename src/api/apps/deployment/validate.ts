import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkNonNegative } from '../../checks.ts'
import { type PodRules, podRules } from '../../core/pod/validation/pod-rules.ts'
import type { apps } from '../../generated/types/index.ts'
import {
  intOrPercentNumber,
  validateAtMost100Percent,
  validateIntOrPercent,
  validateNotDecremented,
  validateReplicaCounts,
  validateSelectedTemplate,
} from '../../validate-workload.ts'
import { shownStrategy } from '../shown-strategy.ts'

function validateRollingUpdate(
  update: apps.v1.RollingUpdateDeployment,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { maxUnavailable = 0, maxSurge = 0 } = update
  const where = path.child('maxUnavailable')
  validateIntOrPercent(maxUnavailable, where, errors)
  validateIntOrPercent(maxSurge, path.child('maxSurge'), errors)
  if (intOrPercentNumber(maxUnavailable) === 0 && intOrPercentNumber(maxSurge) === 0)
    errors.push(invalidValue(where, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  validateAtMost100Percent(maxUnavailable, where, errors)
}

function validateStrategy(strategy: apps.v1.DeploymentStrategy, path: FieldPath, errors: FieldError[]): void {
  const where = path.child('rollingUpdate')
  if (strategy.type === 'Recreate') {
    if (strategy.rollingUpdate !== undefined) {
      const detail = "may not be specified when strategy `type` is 'Recreate'"
      errors.push(fieldForbidden(where, detail))
    }
  } else if (strategy.type === 'RollingUpdate') {
    if (strategy.rollingUpdate === undefined)
      errors.push(required(where, 'this should be defaulted and never be nil'))
    else validateRollingUpdate(strategy.rollingUpdate, where, errors)
  } else errors.push(notSupported(path, shownStrategy(strategy), ['Recreate', 'RollingUpdate']))
}

function validateSpec(
  spec: Partial<apps.v1.DeploymentSpec>,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkNonNegative(spec.replicas, path.child('replicas'), errors)
  validateSelectedTemplate(spec, rules, path, errors)
  validateStrategy(spec.strategy ?? {}, path.child('strategy'), errors)
  const minReady = spec.minReadySeconds ?? 0
  checkNonNegative(minReady, path.child('minReadySeconds'), errors)
  checkNonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit'), errors)
  const deadline = spec.progressDeadlineSeconds
  if (deadline === undefined) return
  const where = path.child('progressDeadlineSeconds')
  checkNonNegative(deadline, where, errors)
  if (deadline <= minReady) errors.push(invalidValue(where, deadline, 'must be greater than minReadySeconds'))
}

function validateStatus(
  status: apps.v1.DeploymentStatus,
  old: apps.v1.DeploymentStatus,
  errors: FieldError[],
): void {
  const path = fieldPath('status')
  validateReplicaCounts(
    status,
    [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ],
    ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
    path,
    errors,
  )
  const { availableReplicas = 0, readyReplicas = 0 } = status
  if (availableReplicas > readyReplicas) {
    const detail = 'cannot be greater than readyReplicas'
    errors.push(invalidValue(path.child('availableReplicas'), availableReplicas, detail))
  }
  validateNotDecremented(status.collisionCount, old.collisionCount, path.child('collisionCount'), errors)
}

export function validateDeployment(
  deployment: apps.v1.Deployment,
  old: apps.v1.Deployment | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validateStatus(deployment.status ?? {}, old.status ?? {}, errors)
    return errors
  }
  const path = fieldPath('spec')
  const spec = deployment.spec
  validateSpec(spec ?? {}, podRules(context.features, old?.spec?.template?.spec), path, errors)
  if (old !== undefined) validateImmutable(spec?.selector, old.spec?.selector, path.child('selector'), errors)
  return errors
}
