import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { defined } from '../../base/defined.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'
import {
  type AnyController,
  defineController,
  done,
  indexing,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import { keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { podNodeIndex, podNodeIndexers } from '../../reconcile/pod-node-index.ts'
import { excessTerminated, isReady, whyRemove } from './why-remove.ts'

type PodType = core.v1.Pod

/** Upstream's quarantineTime: a node that is missing may only not have been seen yet. */
const quarantineMs = 40_000

/** Upstream's --terminated-pod-gc-threshold. */
const defaultTerminatedThreshold = 12_500

/** Upstream's gcCheckPeriod, as the rest between two looks at all ended pods. */
const terminatedCheckMs = 20_000

const terminatedKey = 'terminated pods'
const terminatedIndex = 'terminated'

/** Why a pod is removed, as the metrics say. */
type Reason = 'terminated' | 'out-of-service' | 'orphaned' | 'unscheduled'

class Removals {
  readonly #removed: Counter
  readonly #errors: Counter

  constructor(metrics: Metrics) {
    const labels = ['namespace', 'reason']
    this.#removed = metrics.counter({
      name: 'pod_gc_collector_force_delete_pods_total',
      help: 'Number of pods that are being forcefully deleted since the Pod GC Controller started.',
      labels,
    })
    this.#errors = metrics.counter({
      name: 'pod_gc_collector_force_delete_pod_errors_total',
      help: 'Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.',
      labels,
    })
  }

  async remove(
    pod: PodType,
    reason: Reason,
    context: ReconcileContext,
    condition?: core.v1.PodCondition,
  ): Promise<void> {
    const labels = [pod.metadata?.namespace ?? '', reason]
    this.#removed.inc(labels)
    try {
      await remove(pod, context, condition)
    } catch (error) {
      this.#errors.inc(labels)
      throw error
    }
  }
}

async function remove(
  pod: PodType,
  { api }: ReconcileContext,
  condition?: core.v1.PodCondition,
): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {}
  try {
    if (!isPodTerminal(pod)) {
      const conditions = condition === undefined ? {} : { conditions: [condition] }
      const { generation: observedGeneration } = pod.metadata ?? {}
      const status = defined({ phase: 'Failed', observedGeneration, ...conditions })
      const patch = { metadata: { uid }, status }
      const type = 'application/strategic-merge-patch+json'
      await api.resource(Pod).patch(namespace, name, type, patch, { subresource: 'status' })
    }
    const preconditions = uid === undefined ? {} : { preconditions: { uid } }
    await api.resource(Pod).delete(namespace, name, { gracePeriodSeconds: 0, ...preconditions })
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
}

async function nodeExists(name: string, { api }: ReconcileContext): Promise<boolean> {
  try {
    await api.resource(Node).get('', name)
    return true
  } catch (error) {
    if (isStatus(error, 'NotFound')) return false
    throw error
  }
}

const orphaned = (pod: PodType, nowMs: number): core.v1.PodCondition =>
  defined({
    type: 'DisruptionTarget',
    status: 'True',
    observedGeneration: pod.metadata?.generation,
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastTransitionTime: formatTime(nowMs),
  })

export interface PodGcOptions {
  /** Ended pods that are kept; 0 keeps all. */
  readonly terminatedThreshold?: number
}

/** Removes pods that nobody else will. */
export function podGcController(options: PodGcOptions = {}): AnyController {
  const { terminatedThreshold = defaultTerminatedThreshold } = options
  /** Since when the nodes of pods have been missing. */
  const missingSinceMs = new Map<string, number>()
  let removals: Removals | undefined
  let terminatedCheckedMs = Number.NEGATIVE_INFINITY

  async function removeExcess(context: ReconcileContext): Promise<Outcome> {
    const { cache, host } = context
    const waitMs = terminatedCheckedMs + terminatedCheckMs - host.monotonicMs()
    if (waitMs > 0) return requeueAfter(waitMs)
    terminatedCheckedMs = host.monotonicMs()
    const ended = cache.of(Pod).byIndex(terminatedIndex, terminatedKey)
    for (const pod of excessTerminated(ended, terminatedThreshold))
      await removals?.remove(pod, 'terminated', context)
    return done
  }

  async function removeLost(pod: PodType, nodeName: string, context: ReconcileContext): Promise<Outcome> {
    const nowMs = context.host.monotonicMs()
    const sinceMs = missingSinceMs.get(nodeName) ?? nowMs
    missingSinceMs.set(nodeName, sinceMs)
    const waitMs = sinceMs + quarantineMs - nowMs
    if (waitMs > 0) return requeueAfter(waitMs)
    if (!(await nodeExists(nodeName, context)))
      await removals?.remove(pod, 'orphaned', context, orphaned(pod, context.host.now()))
    return done
  }

  async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
    if (key === terminatedKey) return removeExcess(context)
    const pod = context.cache.of(Pod).get(...splitKey(key))
    if (pod === undefined) return done
    const nodeName = pod.spec?.nodeName ?? ''
    const node = context.cache.of(Node).get('', nodeName)
    if (node !== undefined) missingSinceMs.delete(nodeName)
    const verdict = whyRemove(pod, node)
    if (verdict === 'missing node') return removeLost(pod, nodeName, context)
    if (verdict === 'now') {
      await removals?.remove(pod, nodeName === '' ? 'unscheduled' : 'out-of-service', context)
    }
    return done
  }

  return defineController({
    name: 'pod-garbage-collector',
    reconciles: Pod,
    when: (pod, old) =>
      pod !== undefined &&
      (old === undefined ||
        pod.spec?.nodeName !== old.spec?.nodeName ||
        pod.metadata?.deletionTimestamp !== old.metadata?.deletionTimestamp),
    watches: [
      watching({
        kind: Pod,
        when: (pod, old) =>
          pod !== undefined && isPodTerminal(pod) && (old === undefined || !isPodTerminal(old)),
        keys: (_, { cache }) =>
          terminatedThreshold > 0 &&
          cache.of(Pod).countByIndex(terminatedIndex, terminatedKey) > terminatedThreshold
            ? [terminatedKey]
            : [],
      }),
      watching({
        kind: Node,
        when: (node, old) =>
          node === undefined ||
          !jsonEqual(node.spec?.taints, old?.spec?.taints) ||
          isReady(node) !== (old !== undefined && isReady(old)),
        keys: ({ metadata }, { cache }) =>
          cache
            .of(Pod)
            .byIndex(podNodeIndex, metadata?.name ?? '')
            .map(keyOf),
      }),
    ],
    indexers: [
      indexing(Pod, podNodeIndexers),
      indexing(Pod, { [terminatedIndex]: (pod) => (isPodTerminal(pod) ? [terminatedKey] : []) }),
    ],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['delete', 'list', 'watch'] },
      { group: '', resources: ['nodes'], verbs: ['get', 'list'] },
      { group: '', resources: ['pods/status'], verbs: ['patch'] },
    ],
    setUp: ({ metrics }) => {
      removals = new Removals(metrics)
    },
    reconcile,
  })
}
