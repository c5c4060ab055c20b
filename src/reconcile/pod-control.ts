import { Pod } from '../api/core/pod/kind.ts'
import type { core } from '../api/generated/types/index.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { hasCause, isStatus } from '../apimachinery/status-error.ts'
import type { ReconcileContext } from './controller.ts'
import { slowStart } from './slow-start.ts'

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

export interface Creations {
  readonly created: number
  /** The first one. */
  readonly failure: Error | undefined
}

export interface Deletions {
  /** Those that are gone, or on their way. */
  readonly deleted: readonly core.v1.Pod[]
  /** The first one. */
  readonly failure: Error | undefined
}

/** Makes the pods in rounds of 1, 2, 4 …, with events on their owner. */
export async function createPods(
  owner: KubernetesObject,
  pods: readonly core.v1.Pod[],
  { api, events }: ReconcileContext,
): Promise<Creations> {
  const { succeeded, errors } = await slowStart(pods.length, async (index) => {
    const pod = pods[index]
    if (pod === undefined) return
    try {
      const created = await api.resource(Pod).create(pod)
      events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata?.name}`)
    } catch (error) {
      // Nothing can be created in a namespace that goes away: no news.
      if (hasCause(error, 'NamespaceTerminating')) return
      events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${asError(error).message}`)
      throw error
    }
  })
  return { created: succeeded, failure: errors.length === 0 ? undefined : asError(errors[0]) }
}

/** Deletes the pods, all at once, with events on their owner. */
export async function deletePods(
  owner: KubernetesObject,
  pods: readonly core.v1.Pod[],
  { api, events }: ReconcileContext,
): Promise<Deletions> {
  let failure: Error | undefined
  const kept = new Set<core.v1.Pod>()
  await Promise.all(
    pods.map(async (pod) => {
      const { namespace = '', name = '', uid } = pod.metadata ?? {}
      try {
        await api.resource(Pod).delete(namespace, name, uid === undefined ? {} : { preconditions: { uid } })
        events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      } catch (error) {
        // It is gone, or another one has its name.
        if (isStatus(error, 'NotFound', 'Conflict')) return
        events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${asError(error).message}`)
        kept.add(pod)
        failure ??= new Error(`unable to delete pods: ${asError(error).message}`)
      }
    }),
  )
  return { deleted: pods.filter((pod) => !kept.has(pod)), failure }
}
