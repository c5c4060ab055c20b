import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import { selectsPods } from '../../api/core/service/service-pods.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import { serviceKeysOf } from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { core } from '../../api/generated/types/index.ts'
import { labelMatcherOfMap } from '../../apimachinery/selectors/label-selector.ts'
import { assert } from '../../base/assert.ts'
import {
  type AnyController,
  type ControllerSetup,
  defineController,
  done,
  indexing,
  type Key,
  type Outcome,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { splitKey } from '../../reconcile/owner-references.ts'
import type { SliceCounts } from '../../reconcile/slice-metrics.ts'
import { TriggerTimes } from '../../reconcile/trigger-times.ts'
import { watchBackends } from '../../reconcile/watch-backends.ts'
import type { Family } from './endpoint-of-pod.ts'
import { familiesOf, managedBy, planSlices, reuseSlices } from './plan-slices.ts'
import { joinFailures, ServiceSlices } from './service-slices.ts'
import { removeHints, type Slice, type SliceChanges } from './slice-changes.ts'
import { SliceControllerMetrics } from './slice-controller-metrics.ts'
import { changesZones, Topology } from './topology.ts'
import { hintAtOwn, isTopologyAware, trafficDistributionOf } from './traffic-distribution.ts'

export interface EndpointSliceOptions {
  /** --max-endpoints-per-slice. */
  readonly maxEndpointsPerSlice?: number
  /** Time in which changes of pods gather: --endpointslice-updates-batch-period. */
  readonly updatesBatchPeriodMs?: number
}

/** Time in which changes of a service's pods gather. */
const spacingMs = 20

/** Changes of slices, mostly our own, are looked at after that at the earliest. */
const sliceDelayMs = 1_000

const serviceIndex = 'managed for service'

/** Nodes have changed: no service is called so. */
const topologyKey = 'topology'

const serviceKeys = (slice: Slice): readonly Key[] => serviceKeysOf(slice, managedBy)

class SliceKeeper {
  readonly #max: number
  readonly #metrics: SliceControllerMetrics
  readonly #topology = new Topology()
  readonly #triggerTimes = new TriggerTimes()
  readonly #enqueue: ControllerSetup['enqueue']
  #haveNodesChanged = true

  constructor({ metrics, informers, enqueue }: ControllerSetup, max: number) {
    this.#max = max
    this.#metrics = new SliceControllerMetrics(metrics, max)
    this.#enqueue = enqueue
    informers.informer(Node).onChange((node, old) => {
      if (this.#haveNodesChanged || !changesZones(node, old)) return
      this.#haveNodesChanged = true
      enqueue(topologyKey)
    })
  }

  async reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
    const { cache, events } = context
    if (this.#haveNodesChanged) {
      this.#haveNodesChanged = false
      this.#topology.setNodes(cache.of(Node).list())
    }
    if (key === topologyKey) {
      for (const overloaded of this.#topology.overloaded()) this.#enqueue(overloaded)
      return done
    }
    const service = cache.of(Service).get(...splitKey(key))
    const failure = service === undefined ? this.#forget(key) : await this.#sync(key, service, context)
    this.#metrics.syncs.inc([failure === undefined ? 'success' : 'error'])
    if (service === undefined || failure === undefined) return done
    const { namespace, name } = service.metadata ?? {}
    const message = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${failure}`
    events.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message)
    throw new Error(failure)
  }

  /** Its slices belong to it: the garbage collector takes them. */
  #forget(key: Key): undefined {
    this.#triggerTimes.forget(key)
    this.#metrics.count(key, undefined)
    this.#metrics.traffic(key, undefined)
  }

  async #sync(key: Key, service: core.v1.Service, context: ReconcileContext): Promise<string | undefined> {
    if (!selectsPods(service)) return undefined
    const { cache, events } = context
    const selector = labelMatcherOfMap(service.spec?.selector)
    const pods = cache
      .of(Pod)
      .list(service.metadata?.namespace ?? '')
      .filter((pod) => selector.matches(pod.metadata?.labels))
    const slices = Map.groupBy(
      cache
        .of(EndpointSlice)
        .byIndex(serviceIndex, key)
        .filter(({ metadata }) => metadata?.deletionTimestamp === undefined),
      ({ addressType }) => addressType,
    )
    const time = this.#triggerTimes.next(key, service, pods)
    const writes = new ServiceSlices(service, context, this.#metrics)
    const families = familiesOf(service)
    const failures: string[] = []
    const counts: SliceCounts[number][] = []
    for (const family of families) {
      const plan = planSlices({
        ...{ service, pods, family, maxPerSlice: this.#max, slices: slices.get(family) ?? [] },
        node: (name) => cache.of(Node).get('', name),
      })
      for (const pod of plan.withoutNode) {
        failures.push(
          `skipping Pod ${pod.metadata?.name} for Service ${key}: Node ${pod.spec?.nodeName ?? ''} Not Found`,
        )
      }
      counts.push(...plan.counts)
      this.#metrics.addedPerSync.observe(plan.added)
      this.#metrics.removedPerSync.observe(plan.removed)
      const [changes, happened] = this.#hint(key, service, family, plan.changes)
      const failure = await writes.carryOut(reuseSlices(service, changes), time)
      if (failure !== undefined) failures.push(failure)
      for (const { type, reason, message } of happened) events.event(service, type, reason, message)
    }
    this.#metrics.count(key, counts)
    this.#metrics.traffic(key, trafficDistributionOf(service))
    for (const [family, foreign] of slices) {
      if (families.some((one) => one === family)) continue
      if (family === 'IPv4' || family === 'IPv6') this.#topology.stop(key, family)
      failures.push(...(await writes.removeForeign(foreign)))
    }
    return joinFailures(failures)
  }

  #hint(
    key: Key,
    service: core.v1.Service,
    family: Family,
    changes: SliceChanges,
  ): ReturnType<Topology['hint']> {
    if (isTopologyAware(service)) return this.#topology.hint(key, family, changes)
    const events = this.#topology.stop(key, family)
    const wish = trafficDistributionOf(service)
    return [wish === undefined ? removeHints(changes) : hintAtOwn(changes, wish), events]
  }
}

/** Keeps the EndpointSlices of Services that select pods. */
export function endpointSliceController({
  maxEndpointsPerSlice = 100,
  updatesBatchPeriodMs = 0,
}: EndpointSliceOptions = {}): AnyController {
  let keeper: SliceKeeper | undefined
  return defineController({
    name: 'endpointslice',
    reportsAs: 'endpoint-slice-controller',
    reconciles: Service,
    watches: [
      watchBackends(updatesBatchPeriodMs),
      watching({
        kind: EndpointSlice,
        keys: serviceKeys,
        delayMs: Math.max(sliceDelayMs, updatesBatchPeriodMs),
      }),
    ],
    reads: [Node],
    indexers: [indexing(EndpointSlice, { [serviceIndex]: serviceKeys })],
    permissions: [
      { group: '', resources: ['services/finalizers'], verbs: ['update'] },
      {
        group: 'discovery.k8s.io',
        resources: ['endpointslices'],
        verbs: ['create', 'delete', 'get', 'list', 'update', 'watch'],
      },
    ],
    backOff: { baseMs: 1_000, maxMs: 1_000_000 },
    spacingMs,
    setUp: (setup) => {
      keeper = new SliceKeeper(setup, maxEndpointsPerSlice)
    },
    reconcile: (key, context) => {
      assert(keeper, 'a controller is set up before it works')
      return keeper.reconcile(key, context)
    },
  })
}
