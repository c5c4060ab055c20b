import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { rulesForNew, validateObjectMeta } from '../../apimachinery/object-meta-validation.ts'
import { defaultFeatures } from '../feature-gates.ts'

const nowMs = Date.UTC(2026, 0, 1)

/** An object as it would be stored, if it were taken. */
export function created<T extends KubernetesObject>(kind: KindDeclaration<T>, object: T): T {
  const context = { nowMs, features: defaultFeatures, subresource: '' }
  const filled = kind.defaults(object)
  return kind.prepareForCreate(kind.contextDefaults?.(filled, context) ?? filled, context)
}

/** What is wrong with a new object, each as `field: message`. */
export function rejections<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  object: T,
): readonly string[] {
  const prepared = created(kind, object)
  const errors = [
    ...validateObjectMeta(prepared.metadata ?? {}, rulesForNew(kind, prepared)),
    ...kind.validate(prepared, undefined, { nowMs, features: defaultFeatures, subresource: '' }),
  ]
  return errors.map(({ field, message }) => `${field}: ${message}`)
}

/** What is wrong with a change of an object that was created; '' is the main resource. */
export function changeRejections<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  before: T,
  change: (object: T) => T,
  subresource = '',
): readonly string[] {
  const old = created(kind, before)
  const context = { nowMs, features: defaultFeatures, subresource }
  const next = kind.prepareForUpdate(kind.defaults(change(old)), old, context)
  const changed = subresource === '' ? (kind.validateChange?.(next, old) ?? []) : []
  const errors = [...changed, ...kind.validate(next, old, context)]
  return errors.map(({ field, message }) => `${field}: ${message}`)
}
