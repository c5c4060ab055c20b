import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateLabelSelector } from '../../../apimachinery/label-selector-validation.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkNonNegative } from '../../checks.ts'
import { type PodRules, podRules } from '../../core/pod/validation/pod-rules.ts'
import type { apps } from '../../generated/types/index.ts'
import {
  intOrPercentNumber,
  isEmptySelector,
  validateAtMost100Percent,
  validateIntOrPercent,
  validateNotDecremented,
  validateReplicaCounts,
  validateRunningTemplate,
  validateTemplateLabels,
} from '../../validate-workload.ts'
import { shownStrategy } from '../shown-strategy.ts'

function validateRollingUpdate(
  update: apps.v1.RollingUpdateDaemonSet,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { maxUnavailable = 0, maxSurge = 0 } = update
  const unavailablePath = path.child('maxUnavailable')
  const surgePath = path.child('maxSurge')
  validateIntOrPercent(maxUnavailable, unavailablePath, errors)
  validateIntOrPercent(maxSurge, surgePath, errors)
  validateAtMost100Percent(maxUnavailable, unavailablePath, errors)
  validateAtMost100Percent(maxSurge, surgePath, errors)
  const hasUnavailable = intOrPercentNumber(maxUnavailable) !== 0
  const hasSurge = intOrPercentNumber(maxSurge) !== 0
  if (hasUnavailable && hasSurge)
    errors.push(invalidValue(surgePath, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  else if (!hasUnavailable && !hasSurge)
    errors.push(required(unavailablePath, 'cannot be 0 when maxSurge is 0'))
}

function validateUpdateStrategy(
  strategy: apps.v1.DaemonSetUpdateStrategy,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (strategy.type === 'OnDelete') return
  if (strategy.type !== 'RollingUpdate')
    errors.push(notSupported(path, shownStrategy(strategy), ['RollingUpdate', 'OnDelete']))
  else if (strategy.rollingUpdate === undefined) errors.push(required(path.child('rollingUpdate')))
  else validateRollingUpdate(strategy.rollingUpdate, path.child('rollingUpdate'), errors)
}

function validateSpec(
  spec: Partial<apps.v1.DaemonSetSpec>,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const where = path.child('selector')
  validateLabelSelector(spec.selector, where, errors)
  const template = spec.template ?? {}
  validateTemplateLabels(template, spec.selector, path.child('template'), errors)
  if (spec.selector !== undefined && isEmptySelector(spec.selector))
    errors.push(invalidValue(where, spec.selector, 'empty selector is invalid for daemonset'))
  validateRunningTemplate(template, 'DaemonSet', rules, path.child('template'), errors)
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  validateUpdateStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy'), errors)
  checkNonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit'), errors)
}

export function validateDaemonSet(
  daemonSet: apps.v1.DaemonSet,
  old: apps.v1.DaemonSet | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    const path = fieldPath('status')
    const status: Partial<apps.v1.DaemonSetStatus> = daemonSet.status ?? {}
    const counts = [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ] as const
    validateReplicaCounts(status, counts, [], path, errors)
    const before = old.status?.collisionCount
    validateNotDecremented(status.collisionCount, before, path.child('collisionCount'), errors)
    return errors
  }
  const path = fieldPath('spec')
  if (old !== undefined)
    validateImmutable(daemonSet.spec?.selector, old.spec?.selector, path.child('selector'), errors)
  const rules = podRules(context.features, old?.spec?.template?.spec)
  validateSpec(daemonSet.spec ?? {}, rules, path, errors)
  return errors
}
