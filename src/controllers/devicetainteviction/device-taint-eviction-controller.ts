import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { resource } from '../../api/generated/types/index.ts'
import { poolKey, poolOf } from '../../api/resource/device-pools.ts'
import { DeviceTaintRule } from '../../api/resource/device-taint-rule/kind.ts'
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
import { DeviceTaintRules, evictsPods, isRuleKey, ruleKey, type WorldOf } from './device-taint-rules.ts'
import { isForDevice, podEviction } from './plan-eviction.ts'

type Claim = resource.v1.ResourceClaim

const poolIndex = 'pool of devices'
const eventReason = 'DeviceTaintManagerEviction'
const why = {
  reason: 'DeletionByDeviceTaintManager',
  message: 'Device Taint manager: deleting due to NoExecute taint',
}

const poolsOf = ({ status }: Claim): readonly string[] => [
  ...new Set((status?.allocation?.devices?.results ?? []).map(({ driver, pool }) => poolKey(driver, pool))),
]

const consumersOf = ({ metadata, status }: Claim): readonly Key[] =>
  (status?.reservedFor ?? [])
    .filter(({ resource: name }) => name === 'pods')
    .map(({ name }) => `${metadata?.namespace}/${name}`)

const worldOf: WorldOf = (namespace, rules, { cache }) => ({
  claimOf: (name) => cache.of(ResourceClaim).get(namespace, name),
  slicesOf: (pool) => cache.of(ResourceSlice).byIndex(poolIndex, pool),
  rules,
})

/** Whose status is to be told of at once, and the pods that it may be about. */
const rulesWatch = watching<resource.v1beta2.DeviceTaintRule>({
  kind: DeviceTaintRule,
  when: (rule, old) => rule?.metadata?.uid !== old?.metadata?.uid || !jsonEqual(rule?.spec, old?.spec),
  keys: (rule, { cache }) => [
    ruleKey(rule),
    ...cache
      .of(ResourceClaim)
      .list()
      .filter(({ status }) =>
        (status?.allocation?.devices?.results ?? []).some((device) => isForDevice(rule, device)),
      )
      .flatMap(consumersOf),
  ],
})

/** Deletes pods that use devices with NoExecute taints which their claims do not tolerate, or not for longer. */
export function deviceTaintEvictionController({ followsRules = false } = {}): AnyController {
  const rules = followsRules ? new DeviceTaintRules(worldOf) : undefined
  let enqueue: ControllerSetup['enqueue'] = () => {}
  /** Pods that have to go later, by their uids. */
  const waiting = new Map<Key, string>()
  let deletions: Counter | undefined
  let latencySeconds: Histogram | undefined

  function setUp(setup: ControllerSetup): void {
    const { metrics } = setup
    enqueue = setup.enqueue
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
    if (rules !== undefined && isRuleKey(key)) return rules.reconcile(key, context)
    const { cache, events, host } = context
    const [namespace, name] = splitKey(key)
    const pod = cache.of(Pod).get(namespace, name)
    const isLeaving = pod === undefined || pod.metadata?.deletionTimestamp !== undefined || isPodTerminal(pod)
    const evicting = rules === undefined ? [] : cache.of(DeviceTaintRule).list().filter(evictsPods)
    const eviction = isLeaving ? undefined : podEviction(pod, worldOf(namespace, evicting, context))
    const waitingUid = waiting.get(key)
    waiting.delete(key)
    if (pod === undefined || eviction === undefined) {
      if (pod !== undefined && !isLeaving && waitingUid === pod.metadata?.uid)
        events.event(pod, 'Normal', eventReason, 'Cancelling deletion')
      return done
    }
    for (const [rule, delayMs] of rules?.keysOf(eviction.rules, context) ?? []) enqueue(rule, delayMs)
    const leftMs = eviction.atMs - host.now()
    if (leftMs > 0) {
      waiting.set(key, pod.metadata?.uid ?? '')
      return requeueAfter(leftMs)
    }
    events.event(pod, 'Normal', eventReason, 'Marking for deletion')
    await disruptPod(pod, why, context)
    rules?.noteEviction(eviction.rules)
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
      ...(followsRules ? [rulesWatch] : []),
    ],
    indexers: [
      indexing(ResourceClaim, { [poolIndex]: poolsOf }),
      indexing(ResourceSlice, { [poolIndex]: (slice) => [poolOf(slice)] }),
    ],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['delete'] },
      { group: '', resources: ['pods/status'], verbs: ['patch'] },
      ...(followsRules
        ? [{ group: 'resource.k8s.io', resources: ['devicetaintrules/status'], verbs: ['patch'] }]
        : []),
    ],
    workers: 10,
    setUp,
    reconcile,
  })
}
