import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import { jsonEqual } from '../apimachinery/json-equal.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { type AnyWatch, watching } from './controller.ts'
import { controllerOf, keyOf } from './owner-references.ts'

/** A watch for objects without controller: it wakes the owners in their namespace that may want to adopt them. */
export const watchOrphans = <O extends KubernetesObject, T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  ownerKind: KindDeclaration<O>,
  wants: (owner: O, object: T) => boolean,
): AnyWatch =>
  watching<T>({
    kind,
    when: (object, old) =>
      object !== undefined &&
      controllerOf(object) === undefined &&
      (old === undefined ||
        controllerOf(old) !== undefined ||
        !jsonEqual(object.metadata?.labels, old.metadata?.labels)),
    keys: (object, { cache }) => {
      if (controllerOf(object) !== undefined || object.metadata?.deletionTimestamp !== undefined) return []
      return cache
        .of(ownerKind)
        .list(object.metadata?.namespace ?? '')
        .filter((owner) => wants(owner, object))
        .map(keyOf)
    },
  })
