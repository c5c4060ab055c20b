import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkNonNegative } from '../../checks.ts'
import { podRules } from '../../core/pod/validation/pod-rules.ts'
import type { apps } from '../../generated/types/index.ts'
import { validateReplicaCounts, validateSelectedTemplate } from '../../validate-workload.ts'

/** ReplicaSets' and ReplicationControllers' alike. */
export function validateReplicaStatus(status: Partial<apps.v1.ReplicaSetStatus>, errors: FieldError[]): void {
  const path = fieldPath('status')
  validateReplicaCounts(
    status,
    [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'observedGeneration',
      'terminatingReplicas',
    ],
    ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
    path,
    errors,
  )
  const { availableReplicas = 0, readyReplicas = 0 } = status
  if (availableReplicas > readyReplicas) {
    const detail = 'cannot be greater than readyReplicas'
    errors.push(invalidValue(path.child('availableReplicas'), availableReplicas, detail))
  }
}

export function validateReplicaSet(
  set: apps.v1.ReplicaSet,
  old: apps.v1.ReplicaSet | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validateReplicaStatus(set.status ?? {}, errors)
    return errors
  }
  const path = fieldPath('spec')
  const spec: Partial<apps.v1.ReplicaSetSpec> = set.spec ?? {}
  checkNonNegative(spec.replicas, path.child('replicas'), errors)
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  const rules = podRules(context.features, old?.spec?.template?.spec)
  validateSelectedTemplate(spec, rules, path, errors)
  if (old !== undefined) validateImmutable(spec.selector, old.spec?.selector, path.child('selector'), errors)
  return errors
}
