import { Endpoints } from '../../api/core/endpoints/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import { serviceKeysOf } from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import { assert } from '../../base/assert.ts'
import type { Histogram } from '../../base/metrics.ts'
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
import { keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { SliceMetrics } from '../../reconcile/slice-metrics.ts'
import { type MirrorPlan, managedBy, planMirror } from './plan-mirror.ts'

type Slice = discovery.v1.EndpointSlice

export interface EndpointSliceMirroringOptions {
  /** Addresses of one subset that are mirrored at most: --mirroring-max-endpoints-per-subset. */
  readonly maxEndpointsPerSubset?: number
  /** Time in which changes of slices gather: --mirroring-endpointslice-updates-batch-period. */
  readonly updatesBatchPeriodMs?: number
}

const subsystem = 'endpoint_slice_mirroring_controller'
const sliceIndex = 'mirrored for service'

const serviceKeys = (slice: Slice): readonly Key[] => serviceKeysOf(slice, managedBy)

/** Those that say so, and the locks of programs that elect their leaders with Endpoints, are not mirrored. */
const isToMirror = ({ metadata }: core.v1.Endpoints): boolean =>
  metadata?.labels?.['endpointslice.kubernetes.io/skip-mirror'] !== 'true' &&
  metadata?.annotations?.['control-plane.alpha.kubernetes.io/leader'] === undefined

const lacksSelector = (service: core.v1.Service | undefined): boolean =>
  service !== undefined && service.spec?.selector === undefined

function report(
  endpoints: core.v1.Endpoints,
  { invalid, skipped }: MirrorPlan,
  max: number,
  context: ReconcileContext,
): void {
  const { events } = context
  if (invalid > 0) {
    const message = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`
    events.event(endpoints, 'Warning', 'InvalidIPAddress', message)
  }
  if (skipped > invalid) {
    const message = `A max of ${max} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`
    events.event(endpoints, 'Warning', 'TooManyAddressesToMirror', message)
  }
}

class Mirror {
  readonly #metrics: SliceMetrics
  readonly #updatedPerSync: Histogram
  readonly #skippedPerSync: Histogram
  readonly #syncSeconds: Histogram
  readonly #max: number

  constructor({ metrics }: ControllerSetup, max: number) {
    this.#max = max
    this.#metrics = new SliceMetrics(metrics, {
      subsystem,
      owner: 'Endpoints',
      maxPerSlice: max,
      leastSlices: 0,
    })
    const powers = (first: number): readonly number[] => Array.from({ length: 15 }, (_, n) => first * 2 ** n)
    const histogram = (name: string, help: string, first: number): Histogram =>
      metrics.histogram({ name: `${subsystem}_${name}`, help, buckets: powers(first) })
    this.#updatedPerSync = histogram(
      'endpoints_updated_per_sync',
      'Number of endpoints updated on each Endpoints sync',
      2,
    )
    this.#skippedPerSync = histogram(
      'addresses_skipped_per_sync',
      'Number of addresses skipped on each Endpoints sync due to being invalid or exceeding MaxEndpointsPerSubset',
      2,
    )
    this.#syncSeconds = histogram('endpoints_sync_duration', 'Duration of syncEndpoints() in seconds', 0.001)
  }

  async reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
    const { host } = context
    const startMs = host.monotonicMs()
    try {
      await this.#sync(key, context)
    } finally {
      this.#syncSeconds.observe((host.monotonicMs() - startMs) / 1_000)
    }
    return done
  }

  async #sync(key: Key, context: ReconcileContext): Promise<void> {
    const { cache } = context
    const [namespace, name] = splitKey(key)
    const endpoints = cache.of(Endpoints).get(namespace, name)
    const slices = cache.of(EndpointSlice).byIndex(sliceIndex, key)
    if (
      endpoints === undefined ||
      !isToMirror(endpoints) ||
      !lacksSelector(cache.of(Service).get(namespace, name))
    ) {
      this.#metrics.count(key, undefined)
      await this.#carryOut({ create: [], update: [], remove: slices }, context)
      return
    }
    const plan = planMirror(endpoints, slices, this.#max)
    this.#skippedPerSync.observe(plan.skipped)
    report(endpoints, plan, this.#max, context)
    this.#metrics.addedPerSync.observe(plan.added)
    this.#updatedPerSync.observe(plan.updated)
    this.#metrics.removedPerSync.observe(plan.removed)
    this.#metrics.count(key, plan.counts)
    await this.#carryOut(plan, context)
  }

  async #carryOut(
    { create, update, remove }: Pick<MirrorPlan, 'create' | 'update' | 'remove'>,
    { api }: ReconcileContext,
  ): Promise<void> {
    const resource = api.resource(EndpointSlice)
    for (const slice of create) {
      try {
        await resource.create(slice)
      } catch (error) {
        if (hasCause(error, 'NamespaceTerminating')) return
        throw error
      }
      this.#metrics.changes.inc(['create'])
    }
    for (const slice of update) {
      await resource.update(slice)
      this.#metrics.changes.inc(['update'])
    }
    for (const { metadata: { namespace = '', name = '' } = {} } of remove) {
      try {
        await resource.delete(namespace, name)
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error
      }
      this.#metrics.changes.inc(['delete'])
    }
  }
}

/** Shows Endpoints that people and programs write themselves as EndpointSlices, which is what proxies read. */
export function endpointSliceMirroringController({
  maxEndpointsPerSubset = 1_000,
  updatesBatchPeriodMs = 0,
}: EndpointSliceMirroringOptions = {}): AnyController {
  let mirror: Mirror | undefined
  return defineController({
    name: 'endpointslicemirroring',
    reportsAs: 'endpoint-slice-mirroring-controller',
    reconciles: Endpoints,
    when: (endpoints, old) => [endpoints, old].some((one) => one !== undefined && isToMirror(one)),
    watches: [
      watching({
        kind: Service,
        when: (service, old) =>
          service === undefined || old === undefined
            ? lacksSelector(service ?? old)
            : lacksSelector(service) !== lacksSelector(old),
        keys: (service) => [keyOf(service)],
      }),
      watching({ kind: EndpointSlice, keys: serviceKeys, delayMs: updatesBatchPeriodMs }),
    ],
    indexers: [indexing(EndpointSlice, { [sliceIndex]: serviceKeys })],
    permissions: [
      { group: '', resources: ['services/finalizers', 'endpoints/finalizers'], verbs: ['update'] },
      {
        group: 'discovery.k8s.io',
        resources: ['endpointslices'],
        verbs: ['create', 'delete', 'get', 'list', 'update', 'watch'],
      },
      { group: 'discovery.k8s.io', resources: ['endpointslices/restricted'], verbs: ['create'] },
    ],
    backOff: { baseMs: 1_000, maxMs: 100_000 },
    setUp: (setup) => {
      mirror = new Mirror(setup, maxEndpointsPerSubset)
    },
    reconcile: (key, context) => {
      assert(mirror, 'a controller is set up before it works')
      return mirror.reconcile(key, context)
    },
  })
}
