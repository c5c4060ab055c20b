import { Pod } from '../api/core/pod/kind.ts'
import { podCondition } from '../api/core/pod/pod-state.ts'
import type { core } from '../api/generated/types/index.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import { formatTime } from '../apimachinery/time.ts'
import { defined } from '../base/defined.ts'
import type { ReconcileContext } from './controller.ts'

/** Deletes a pod that has done nothing wrong, and notes on it who did so and why (KEP-3329). False: it was gone. */
export async function disruptPod(
  pod: core.v1.Pod,
  why: { readonly reason: string; readonly message: string },
  { api, host }: Pick<ReconcileContext, 'api' | 'host'>,
): Promise<boolean> {
  const { namespace = '', name = '', uid, generation } = pod.metadata ?? {}
  const known = podCondition(pod, 'DisruptionTarget')
  const condition: core.v1.PodCondition = defined({
    type: 'DisruptionTarget',
    status: 'True',
    observedGeneration: generation,
    ...why,
    lastTransitionTime: formatTime(host.now()),
  })
  try {
    if (known?.status !== 'True' || known.reason !== why.reason) {
      const patch = { metadata: { uid }, status: { conditions: [condition] } }
      const type = 'application/strategic-merge-patch+json'
      await api.resource(Pod).patch(namespace, name, type, patch, { subresource: 'status' })
    }
    await api.resource(Pod).delete(namespace, name, uid === undefined ? {} : { preconditions: { uid } })
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
    return false
  }
  return true
}
