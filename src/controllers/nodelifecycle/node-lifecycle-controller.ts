import { Lease } from '../../api/coordination/lease/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { zoneOf } from '../../api/core/node/zone.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { isPodReady } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { defined } from '../../base/defined.ts'
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
import { podNodeIndex, podNodeIndexers } from '../../reconcile/pod-node-index.ts'
import { type NodeGrace, NodeHealthTable, readyCondition, silentConditions } from './node-health.ts'
import { hasNoExecute, noExecuteKey, wantedTaints } from './node-taints.ts'
import { wantedLabels } from './wanted-labels.ts'
import { ZoneMetrics } from './zone-metrics.ts'
import { type EvictionRates, Zones } from './zones.ts'

const leaseNamespace = 'kube-node-lease'

/** Upstream's nodeUpdateWorkerSize. */
const workers = 8

export interface NodeLifecycleOptions extends NodeGrace {
  /** Silent nodes are looked for at multiples of it on the monotonic clock; 0, as where it is absent: at once. */
  readonly monitorPeriodMs?: number
  readonly evictionRates?: EvictionRates
}

const isReady = (node: core.v1.Node): boolean => readyCondition(node)?.status === 'True'

/** What the controller knows from its start to its stop, beyond the API's objects. */
class NodeLifecycle {
  readonly #setup: ControllerSetup
  readonly #monitorPeriodMs: number
  readonly #health: NodeHealthTable
  readonly #zones: Zones
  readonly #metrics: ZoneMetrics
  /** Nodes that have been announced. */
  readonly #known = new Map<string, core.v1.Node>()

  constructor(setup: ControllerSetup, options: NodeLifecycleOptions) {
    this.#setup = setup
    this.#monitorPeriodMs = options.monitorPeriodMs ?? 0
    this.#health = new NodeHealthTable(options)
    this.#metrics = new ZoneMetrics(setup.metrics)
    this.#zones = new Zones({
      host: setup.host,
      metrics: this.#metrics,
      rates: options.evictionRates ?? {},
      onChange: (wasAllDisrupted) => this.#zonesChanged(wasAllDisrupted),
    })
    const leases = setup.informers.informer(Lease, { namespace: leaseNamespace })
    setup.waitFor(leases.whenSynced())
    const detach = leases.onChange((lease) => {
      const { name = '' } = lease?.metadata ?? {}
      const renewTime = lease?.spec?.renewTime
      if (renewTime !== undefined) this.#health.renew(name, renewTime, setup.host.monotonicMs())
    })
    setup.signal.addEventListener('abort', detach, { once: true })
  }

  async reconcile(name: Key, context: ReconcileContext): Promise<Outcome> {
    const { cache, host } = context
    const seen = cache.of(Node).get('', name)
    if (seen === undefined) {
      this.#forget(name)
      return done
    }
    if (this.#health.observe(seen, host.monotonicMs(), host.now())) this.#announce(seen)
    this.#known.set(name, seen)
    const leftMs = this.#health.graceLeft(seen, host.monotonicMs())
    const node = leftMs < 0 ? await this.#markSilent(seen, context) : seen
    this.#zones.set(node, isReady(node))
    if (readyCondition(node)?.status === 'Unknown') await markPodsNotReady(node, context)
    const taintAfterMs = await this.#taint(node, context)
    const waits = [leftMs < 0 ? undefined : this.#untilLook(leftMs + 1), taintAfterMs].filter(
      (ms) => ms !== undefined,
    )
    return waits.length === 0 ? done : requeueAfter(Math.min(...waits))
  }

  /** From now to the first look that is `waitMs` away at least. */
  #untilLook(waitMs: number): number {
    const periodMs = this.#monitorPeriodMs
    if (periodMs === 0) return waitMs
    const nowMs = this.#setup.host.monotonicMs()
    return Math.ceil((nowMs + waitMs) / periodMs) * periodMs - nowMs
  }

  /** Everybody looks again at what may be done now. */
  #zonesChanged(wasAllDisrupted: boolean): void {
    if (wasAllDisrupted && !this.#zones.allDisrupted) this.#health.forgive(this.#setup.host.monotonicMs())
    for (const name of this.#known.keys()) this.#setup.enqueue(name)
  }

  #announce(node: core.v1.Node): void {
    const { name } = node.metadata ?? {}
    const message = `Node ${name} event: Registered Node ${name} in Controller`
    this.#setup.events.event(node, 'Normal', 'RegisteredNode', message)
  }

  #forget(name: string): void {
    const node = this.#known.get(name)
    if (node === undefined) return
    this.#known.delete(name)
    this.#health.forget(name)
    this.#zones.remove(name)
    const message = `Node ${name} event: Removing Node ${name} from Controller`
    this.#setup.events.event(node, 'Normal', 'RemovingNode', message)
  }

  async #markSilent(node: core.v1.Node, { api, events, host }: ReconcileContext): Promise<core.v1.Node> {
    const conditions = silentConditions(node, host.now())
    if (conditions === node.status?.conditions) return node
    const updated = await api.resource(Node).updateStatus({ ...node, status: { ...node.status, conditions } })
    this.#health.noteOwnWrite(updated)
    if (isReady(node)) {
      const message = `Node ${node.metadata?.name} status is now: NodeNotReady`
      events.event(node, 'Normal', 'NodeNotReady', message)
    }
    return updated
  }

  /** Taints and labels as they have to be. Milliseconds until a taint may be set that may not be set now. */
  async #taint(node: core.v1.Node, { api, host }: ReconcileContext): Promise<number | undefined> {
    const wanted = this.#zones.allDisrupted ? undefined : noExecuteKey(node)
    // From one of these taints to the other a node goes at once; to the first of them when its zone permits.
    const waitMs = wanted === undefined || hasNoExecute(node) ? 0 : this.#zones.permit(zoneOf(node))
    const noExecute = waitMs === 0 ? wanted : undefined
    const taints = wantedTaints(node, noExecute, host.now())
    const isSame = taints === node.spec?.taints || (taints.length === 0 && node.spec?.taints === undefined)
    const labels = wantedLabels(node.metadata?.labels)
    if (!isSame || labels !== node.metadata?.labels) {
      const metadata = defined({ ...node.metadata, labels })
      await api.resource(Node).update({ ...node, metadata, spec: { ...node.spec, taints } })
    }
    if (noExecute !== undefined && !hasNoExecute(node)) this.#metrics.evictions.inc([zoneOf(node)])
    return waitMs === 0 ? undefined : waitMs
  }
}

/** Nobody on a silent node can say that its pods are not ready any more. */
async function markPodsNotReady(
  node: core.v1.Node,
  { cache, api, events, host }: ReconcileContext,
): Promise<void> {
  const pods = cache
    .of(Pod)
    .byIndex(podNodeIndex, node.metadata?.name ?? '')
    .filter(isPodReady)
  const lastTransitionTime = formatTime(host.now())
  await Promise.all(
    pods.map(async (pod) => {
      const { generation: observedGeneration } = pod.metadata ?? {}
      const conditions = (pod.status?.conditions ?? []).map((condition) =>
        condition.type === 'Ready'
          ? defined({ ...condition, status: 'False', lastTransitionTime, observedGeneration })
          : condition,
      )
      try {
        await api.resource(Pod).updateStatus({ ...pod, status: { ...pod.status, conditions } })
        events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error
      }
    }),
  )
}

/** Notices nodes that fall silent, says so in their conditions, and taints nodes as their conditions ask for. */
export function nodeLifecycleController(options: NodeLifecycleOptions = {}): AnyController {
  let lifecycle: NodeLifecycle | undefined
  return defineController({
    name: 'node-lifecycle',
    reportsAs: 'node-controller',
    reconciles: Node,
    watches: [
      watching({
        kind: Pod,
        // A pod that comes to a node which is silent already.
        when: (pod, old) => pod !== undefined && pod.spec?.nodeName !== old?.spec?.nodeName,
        keys: ({ spec }, { cache }) => {
          const node = cache.of(Node).get('', spec?.nodeName ?? '')
          return node === undefined || isReady(node) ? [] : [node.metadata?.name ?? '']
        },
      }),
    ],
    indexers: [indexing(Pod, podNodeIndexers)],
    permissions: [
      { group: '', resources: ['nodes'], verbs: ['delete', 'get', 'list', 'patch', 'update'] },
      { group: '', resources: ['nodes/status'], verbs: ['patch', 'update'] },
      { group: '', resources: ['pods/status'], verbs: ['patch', 'update'] },
      { group: '', resources: ['pods'], verbs: ['delete', 'get', 'list'] },
      { group: 'coordination.k8s.io', resources: ['leases'], verbs: ['get', 'list', 'watch'] },
    ],
    workers,
    setUp: (setup) => {
      lifecycle = new NodeLifecycle(setup, options)
    },
    reconcile: async (key, context) => lifecycle?.reconcile(key, context) ?? done,
  })
}
