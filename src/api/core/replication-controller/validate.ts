import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { labelMatcherOfMap } from '../../../apimachinery/selectors/label-selector.ts'
import { validateReplicaStatus } from '../../apps/replica-set/validate.ts'
import { checkNonNegative } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import { validateRunningTemplate } from '../../validate-workload.ts'
import { type PodRules, podRules } from '../pod/validation/pod-rules.ts'

function validateTemplate(
  spec: core.v1.ReplicationControllerSpec,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { template } = spec
  if (template === undefined) {
    errors.push(required(path))
    return
  }
  const matcher = labelMatcherOfMap(spec.selector)
  const labels = template.metadata?.labels
  if (!matcher.empty && !matcher.matches(labels)) {
    const detail = '`selector` does not match template `labels`'
    errors.push(invalidValue(path.child('metadata.labels'), labels ?? null, detail))
  }
  validateRunningTemplate(template, 'ReplicationController', rules, path, errors)
}

export function validateReplicationController(
  controller: core.v1.ReplicationController,
  old: core.v1.ReplicationController | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validateReplicaStatus(controller.status ?? {}, errors)
    return errors
  }
  const path = fieldPath('spec')
  const spec = controller.spec ?? {}
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  if (labelMatcherOfMap(spec.selector).empty) errors.push(required(path.child('selector')))
  if (spec.replicas === undefined) errors.push(required(path.child('replicas')))
  else checkNonNegative(spec.replicas, path.child('replicas'), errors)
  const rules = podRules(context.features, old?.spec?.template?.spec)
  validateTemplate(spec, rules, path.child('template'), errors)
  return errors
}
