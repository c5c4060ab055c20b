import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { ResourceClient } from '../../client/client.ts'
import type { ApiEffect } from './stage.ts'

export type Changeable = Pick<ResourceClient<KubernetesObject>, 'patch' | 'delete'>

/** Changes an object's finalizers, or deletes it. Rejects with StatusError. */
export async function applyToApi(
  effect: ApiEffect,
  object: KubernetesObject,
  resource: Changeable,
): Promise<void> {
  const { namespace = '', name = '', uid, resourceVersion, finalizers: before = [] } = object.metadata ?? {}
  if (effect.finalizers !== undefined) {
    const { add, remove, empty } = effect.finalizers
    const kept = empty ? [] : before.filter((finalizer) => !remove.includes(finalizer))
    const finalizers = [...kept, ...add.filter((finalizer) => !kept.includes(finalizer))]
    const metadata = { resourceVersion, finalizers }
    if (finalizers.join() !== before.join())
      await resource.patch(namespace, name, 'application/merge-patch+json', { metadata })
  }
  if (effect.delete)
    await resource.delete(namespace, name, uid === undefined ? {} : { preconditions: { uid } })
}
