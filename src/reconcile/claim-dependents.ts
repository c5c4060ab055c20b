import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { claimObjects } from './claim-objects.ts'
import type { ReconcileContext } from './controller.ts'
import { controllerIndex, orphanKey } from './owner-references.ts'

export interface DependentsOptions<O extends KubernetesObject, T extends KubernetesObject> {
  readonly ownerKind: KindDeclaration<O>
  readonly owner: O
  /** One that the controller owns: its informer has the index of controllers. */
  readonly kind: KindDeclaration<T>
  /** What it says no to is released, and not adopted. */
  readonly matches: (object: T) => boolean
  /** What it says no to is left as it is; all are looked at where absent. */
  readonly considers?: (object: T) => boolean
  /** Finalizers that an adopted object gets. */
  readonly finalizers?: readonly string[]
}

/** An owner's objects of one kind, by the cache: its own, and those without controller that match, which it adopts. */
export function claimDependents<O extends KubernetesObject, T extends KubernetesObject>(
  { ownerKind, owner, kind, matches, considers, finalizers }: DependentsOptions<O, T>,
  { api, cache }: ReconcileContext,
): Promise<readonly T[]> {
  const { namespace = '', name = '', uid = '' } = owner.metadata ?? {}
  const objects = cache.of(kind)
  const candidates = [
    ...objects.byIndex(controllerIndex, uid),
    ...objects.byIndex(controllerIndex, orphanKey(namespace)),
  ]
  return claimObjects({
    ownerKind,
    owner,
    liveOwner: () => api.resource(ownerKind).get(namespace, name),
    candidates: considers === undefined ? candidates : candidates.filter(considers),
    matches,
    api: api.resource(kind),
    ...(finalizers === undefined ? {} : { finalizers }),
  })
}
