import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { Counter, Histogram } from '../../base/metrics.ts'
import {
  type AnyController,
  type ControllerSetup,
  defineController,
  done,
  indexing,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import { disruptPod } from '../../reconcile/disrupt-pod.ts'
import { keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { podNodeIndex, podNodeIndexers } from '../../reconcile/pod-node-index.ts'
import { noExecuteTaints, toleratedSeconds } from './plan-eviction.ts'

type PodType = core.v1.Pod

/** Upstream's UpdateWorkerSize. */
const workers = 8

interface Waiting {
  readonly uid: string
  readonly sinceMs: number
}

const why = {
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
}

/** Deletes pods from nodes with NoExecute taints that they do not tolerate, or not for longer. */
export function taintEvictionController(): AnyController {
  /** Since when pods have had to go. */
  const waiting = new Map<Key, Waiting>()
  let deletions: Counter | undefined
  let latencySeconds: Histogram | undefined

  function setUp({ metrics }: ControllerSetup): void {
    deletions = metrics.counter({
      name: 'taint_eviction_controller_pod_deletions_total',
      help: 'Total number of Pods deleted by TaintEvictionController since its start.',
    })
    latencySeconds = metrics.histogram({
      name: 'taint_eviction_controller_pod_deletion_duration_seconds',
      help: 'Latency, in seconds, between the time when a taint effect has been activated for the Pod and its deletion via TaintEvictionController.',
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240],
    })
  }

  /** What waited does not any more. */
  function cancel(key: Key, pod: PodType | undefined, { events }: ReconcileContext): Outcome {
    if (!waiting.delete(key)) return done
    const [namespace, name] = splitKey(key)
    const subject = pod ?? { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } }
    const message = `Cancelling deletion of Pod ${key}`
    events.event(subject, 'Normal', 'TaintManagerEviction', message)
    return done
  }

  async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
    const { cache, events, host } = context
    const pod = cache.of(Pod).get(...splitKey(key))
    const taints = noExecuteTaints(cache.of(Node).get('', pod?.spec?.nodeName ?? ''))
    if (pod === undefined || taints.length === 0) return cancel(key, pod, context)
    if (pod.metadata?.deletionTimestamp !== undefined) {
      waiting.delete(key)
      return done
    }
    const seconds = toleratedSeconds(pod.spec?.tolerations, taints)
    if (seconds === undefined) return cancel(key, pod, context)
    const uid = pod.metadata?.uid ?? ''
    const known = waiting.get(key)
    const nowMs = host.monotonicMs()
    const sinceMs = known?.uid === uid ? known.sinceMs : nowMs
    const leftMs = sinceMs + seconds * 1_000 - nowMs
    if (leftMs > 0) {
      waiting.set(key, { uid, sinceMs })
      return requeueAfter(leftMs)
    }
    events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
    await disruptPod(pod, why, context)
    deletions?.inc()
    latencySeconds?.observe((nowMs - sinceMs) / 1_000 - seconds)
    waiting.delete(key)
    return done
  }

  return defineController({
    name: 'taint-eviction',
    reconciles: Pod,
    when: (pod, old) =>
      pod === undefined ||
      old === undefined ||
      pod.spec?.nodeName !== old.spec?.nodeName ||
      !jsonEqual(pod.spec?.tolerations, old.spec?.tolerations),
    watches: [
      watching({
        kind: Node,
        when: (node, old) => !jsonEqual(noExecuteTaints(node), noExecuteTaints(old)),
        keys: ({ metadata }, { cache }) =>
          cache
            .of(Pod)
            .byIndex(podNodeIndex, metadata?.name ?? '')
            .map(keyOf),
      }),
    ],
    indexers: [indexing(Pod, podNodeIndexers)],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['delete', 'get', 'list', 'watch'] },
      { group: '', resources: ['pods/status'], verbs: ['patch'] },
    ],
    workers,
    setUp,
    reconcile,
  })
}
