import type { AnyKind } from '../../../../src/client/informer.ts'
import { type KubernetesObject, kinds } from '../../../../src/cluster/index.ts'
import { revisionOf, type Seen } from '../history.ts'
import type { World } from '../world/world.ts'

/** What a storm is about; events and leases are many, and promise nothing. */
const followed = [
  ...['Pod', 'ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Node', 'Service'],
  ...['PodDisruptionBudget', 'ControllerRevision', 'EndpointSlice'],
]

/** Tells of every change in the store, also when the API server is another one than before. Returns what ends it. */
export function follow(world: World, onEvent: (seen: Seen) => void): () => void {
  const end = new AbortController()
  const { signal } = end
  const run = async (kind: AnyKind): Promise<void> => {
    let seen = 0
    let isKnown = false
    while (!signal.aborted) {
      const from = isKnown ? { resourceVersion: String(seen) } : {}
      try {
        const watch = world.client.resource<KubernetesObject>(kind).watch({ ...from, signal })
        for await (const batch of watch) {
          for (const event of batch) {
            // Another server does not know what the last one had told; nothing is written while there is none.
            isKnown = event.type !== 'ERROR'
            // What is there at the beginning comes in no order, and is older than what was deleted last.
            if (isKnown) seen = Math.max(seen, revisionOf(event.object))
            if (event.type !== 'BOOKMARK' && event.type !== 'ERROR') onEvent({ kind, event })
          }
        }
      } catch {
        // The server is just being restarted.
      }
      await new Promise<void>((resolve) => world.host.schedule(1, resolve))
    }
  }
  for (const kind of kinds)
    if (followed.includes(kind.kind) && kind.stored === undefined && kind.verbs.includes('watch'))
      void run(kind)
  return () => end.abort()
}
