import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { resource } from '../../api/generated/types/index.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../api/resource/resource-slice/kind.ts'
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
import { splitKey } from '../../reconcile/owner-references.ts'
import { podEvictionMs, poolKey } from './plan-eviction.ts'

type Claim = resource.v1.ResourceClaim
type Slice = resource.v1.ResourceSlice

const poolIndex = 'pool of devices'
const eventReason = 'DeviceTaintManagerEviction'
const why = {
  reason: 'DeletionByDeviceTaintManager',
  message: 'Device Taint manager: deleting due to NoExecute taint',
}

const poolOf = ({ spec }: Slice): string => poolKey(spec.driver, spec.pool.name)

const poolsOf = ({ status }: Claim): readonly string[] => [
  ...new Set((status?.allocation?.devices?.results ?? []).map(({ driver, pool }) => poolKey(driver, pool))),
]

const consumersOf = ({ metadata, status }: Claim): readonly Key[] =>
  (status?.reservedFor ?? [])
    .filter(({ resource: name }) => name === 'pods')
    .map(({ name }) => `${metadata?.namespace}/${name}`)

/** Deletes pods that use devices with NoExecute taints which their claims do not tolerate, or not for longer. */
export function deviceTaintEvictionController(): AnyController {
  /** Pods that have to go later, by their uids. */
  const waiting = new Map<Key, string>()
  let deletions: Counter | undefined
  let latencySeconds: Histogram | undefined

  function setUp({ metrics }: ControllerSetup): void {
    const subsystem = 'device_taint_eviction_controller'
    deletions = metrics.counter({
      name: `${subsystem}_pod_deletions_total`,
      help: 'Total number of Pods deleted by DeviceTaintEvictionController since its start.',
    })
    latencySeconds = metrics.histogram({
      name: `${subsystem}_pod_deletion_duration_seconds`,
      help: "Latency, in seconds, between the time when a device taint effect has been activated and a Pod's deletion via DeviceTaintEvictionController.",
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240],
    })
  }

  async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
    const { cache, events, host } = context
    const [namespace] = splitKey(key)
    const pod = cache.of(Pod).get(...splitKey(key))
    const isLeaving = pod === undefined || pod.metadata?.deletionTimestamp !== undefined || isPodTerminal(pod)
    const atMs = isLeaving
      ? undefined
      : podEvictionMs(
          pod,
          (name) => cache.of(ResourceClaim).get(namespace, name),
          (pool) => cache.of(ResourceSlice).byIndex(poolIndex, pool),
        )
    const waitingUid = waiting.get(key)
    waiting.delete(key)
    if (pod === undefined || atMs === undefined) {
      if (pod !== undefined && !isLeaving && waitingUid === pod.metadata?.uid)
        events.event(pod, 'Normal', eventReason, 'Cancelling deletion')
      return done
    }
    const leftMs = atMs - host.now()
    if (leftMs > 0) {
      waiting.set(key, pod.metadata?.uid ?? '')
      return requeueAfter(leftMs)
    }
    events.event(pod, 'Normal', eventReason, 'Marking for deletion')
    await disruptPod(pod, why, context)
    deletions?.inc()
    latencySeconds?.observe(-leftMs / 1_000)
    return done
  }

  return defineController({
    name: 'device-taint-eviction',
    reconciles: Pod,
    when: (pod, old) =>
      (pod?.spec?.resourceClaims ?? old?.spec?.resourceClaims ?? []).length > 0 &&
      (pod?.spec?.nodeName !== old?.spec?.nodeName || pod === undefined),
    watches: [
      watching({
        kind: ResourceClaim,
        when: (claim, old) =>
          !jsonEqual(claim?.status?.allocation, old?.status?.allocation) ||
          !jsonEqual(claim?.status?.reservedFor, old?.status?.reservedFor),
        keys: consumersOf,
      }),
      watching({
        kind: ResourceSlice,
        keys: (slice, { cache }) =>
          cache.of(ResourceClaim).byIndex(poolIndex, poolOf(slice)).flatMap(consumersOf),
      }),
    ],
    indexers: [
      indexing(ResourceClaim, { [poolIndex]: poolsOf }),
      indexing(ResourceSlice, { [poolIndex]: (slice) => [poolOf(slice)] }),
    ],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['delete'] },
      { group: '', resources: ['pods/status'], verbs: ['patch'] },
    ],
    workers: 10,
    setUp,
    reconcile,
  })
}
