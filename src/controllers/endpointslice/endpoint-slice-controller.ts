import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import { endpointChanged, selectsPods, servicesSelecting } from '../../api/core/service/service-pods.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import { serviceKeysOf } from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { labelMatcherOfMap } from '../../apimachinery/selectors/label-selector.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import {
  type AnyController,
  defineController,
  done,
  indexing,
  type Key,
  type Outcome,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { managedBy, planSlices, type SlicePlan } from './plan-slices.ts'

type Slice = discovery.v1.EndpointSlice

/** Time in which changes of a service's pods gather. */
const spacingMs = 20

const serviceIndex = 'managed for service'

const serviceKeys = (slice: Slice): readonly Key[] => serviceKeysOf(slice, managedBy)

async function carryOut(plan: SlicePlan, { api }: ReconcileContext): Promise<void> {
  const slices = api.resource(EndpointSlice)
  for (const slice of plan.create) {
    try {
      await slices.create(slice)
    } catch (error) {
      if (hasCause(error, 'NamespaceTerminating')) return
      throw error
    }
  }
  for (const slice of plan.update) await slices.update(slice)
  for (const { metadata: { namespace = '', name = '' } = {} } of plan.remove) {
    try {
      await slices.delete(namespace, name)
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }
}

function report(service: core.v1.Service, error: unknown, { events }: ReconcileContext): void {
  if (isStatus(error, 'Conflict')) return
  const why = error instanceof Error ? error.message : String(error)
  const { namespace, name } = service.metadata ?? {}
  const message = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${why}`
  events.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message)
}

async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
  const { cache } = context
  const [namespace, name] = splitKey(key)
  const service = cache.of(Service).get(namespace, name)
  // Its slices belong to it: the garbage collector takes them.
  if (service === undefined || !selectsPods(service)) return done
  const selector = labelMatcherOfMap(service.spec?.selector)
  const plan = planSlices({
    service,
    pods: cache
      .of(Pod)
      .list(namespace)
      .filter((pod) => selector.matches(pod.metadata?.labels)),
    node: (nodeName) => cache.of(Node).get('', nodeName),
    slices: cache
      .of(EndpointSlice)
      .byIndex(serviceIndex, key)
      .filter(({ metadata }) => metadata?.deletionTimestamp === undefined),
  })
  try {
    await carryOut(plan, context)
    const [pod] = plan.withoutNode
    if (pod === undefined) return done
    throw new Error(
      `skipping Pod ${pod.metadata?.name} for Service ${key}: Node ${pod.spec?.nodeName ?? ''} Not Found`,
    )
  } catch (error) {
    report(service, error, context)
    throw error
  }
}

/** Keeps the EndpointSlices of Services that select pods. */
export const endpointSliceController: AnyController = defineController({
  name: 'endpointslice',
  reportsAs: 'endpoint-slice-controller',
  reconciles: Service,
  watches: [
    watching({
      kind: Pod,
      when: endpointChanged,
      keys: (pod, { cache }) =>
        servicesSelecting(pod, cache.of(Service).list(pod.metadata?.namespace ?? '')).map(keyOf),
    }),
    watching({ kind: EndpointSlice, keys: serviceKeys }),
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
  spacingMs,
  reconcile,
})
