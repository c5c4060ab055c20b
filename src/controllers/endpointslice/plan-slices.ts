import { Service as ServiceKind } from '../../api/core/service/kind.ts'
import { hasEndpoint, headlessLabel, isHeadless } from '../../api/core/service/service-pods.ts'
import {
  endpointKey,
  managedByLabel,
  portsKey,
  serviceNameLabel,
  sliceNamePrefix,
} from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { StringMap } from '../../apimachinery/meta.ts'
import { defined } from '../../base/defined.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'
import { arrangeEndpoints } from './arrange-endpoints.ts'
import { endpointOfPod, type Family, portsOfPod } from './endpoint-of-pod.ts'
import type { Endpoint, Slice, SliceChanges } from './slice-changes.ts'

type Service = core.v1.Service
type Pod = core.v1.Pod
type Port = discovery.v1.EndpointPort

export const managedBy = 'endpointslice-controller.k8s.io'

const ownLabels: readonly string[] = [serviceNameLabel, managedByLabel, headlessLabel]

export interface SliceWorld {
  readonly service: Service
  /** Those that it selects. */
  readonly pods: readonly Pod[]
  readonly node: (name: string) => core.v1.Node | undefined
  /** Slices of one address family of the service that this controller manages and nobody deletes. */
  readonly slices: readonly Slice[]
  readonly family: Family
  readonly maxPerSlice: number
}

export interface SlicePlan {
  readonly changes: SliceChanges
  /** Pods that are left out because their nodes are not known (yet). */
  readonly withoutNode: readonly Pod[]
  readonly added: number
  readonly removed: number
  /** Endpoints and slices of each set of ports. */
  readonly counts: readonly { readonly endpoints: number; readonly slices: number }[]
}

/** The address families that a service has endpoints of. */
export function familiesOf(service: Service): readonly Family[] {
  const { ipFamilies = [], clusterIP = '' } = service.spec ?? {}
  const families = (['IPv4', 'IPv6'] as const).filter((family) => ipFamilies.includes(family))
  if (families.length > 0) return families
  if (isHeadless(service)) return ['IPv4', 'IPv6']
  return [clusterIP.includes(':') ? 'IPv6' : 'IPv4']
}

const withoutOwn = (labels: StringMap | undefined): StringMap =>
  Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => !ownLabels.includes(name)))

/** The service's labels, and the controller's own. */
function labelsOf(service: Service): StringMap {
  return {
    ...withoutOwn(service.metadata?.labels),
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata?.name ?? '',
    [managedByLabel]: managedBy,
  }
}

function newSlice(
  service: Service,
  family: Family,
  ports: readonly Port[],
  endpoints: readonly Endpoint[],
): Slice {
  const { name = '', namespace } = service.metadata ?? {}
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: defined({
      generateName: sliceNamePrefix(name),
      namespace,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(ServiceKind, service)],
    }),
    addressType: family,
    endpoints,
    ports,
  }
}

/** Not by a service of that name that is gone: the garbage collector will take such slices. */
const isOwnedBy = (slice: Slice, service: Service): boolean =>
  (slice.metadata?.ownerReferences ?? []).some(
    ({ uid, kind, apiVersion }) => uid === service.metadata?.uid && kind === 'Service' && apiVersion === 'v1',
  )

interface Wanted {
  readonly ports: readonly Port[]
  /** By what identifies an endpoint, whatever its condition. */
  readonly endpoints: Map<string, Endpoint>
}

/** The endpoints of each set of ports: pods may differ in what a port's name means to them. */
function wantedEndpoints(
  { service, pods, node, family }: SliceWorld,
  withoutNode: Pod[],
): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  for (const pod of pods) {
    if (!hasEndpoint(pod, true)) continue
    const ports = portsOfPod(service, pod)
    const key = portsKey(ports)
    const group = wanted.get(key) ?? { ports, endpoints: new Map<string, Endpoint>() }
    wanted.set(key, group)
    const itsNode = node(pod.spec?.nodeName ?? '')
    if (itsNode === undefined && service.spec?.publishNotReadyAddresses !== true) {
      withoutNode.push(pod)
      continue
    }
    const endpoint = endpointOfPod(service, pod, itsNode, family)
    if (endpoint.addresses.length > 0) group.endpoints.set(endpointKey(endpoint), endpoint)
  }
  return wanted
}

const isPlaceholder = (slice: Slice, labels: StringMap): boolean =>
  (slice.endpoints ?? []).length === 0 &&
  (slice.ports ?? []).length === 0 &&
  jsonEqual(slice.metadata?.labels, labels)

interface Changes {
  readonly create: Slice[]
  readonly update: Slice[]
  remove: Slice[]
}

/** What makes a service's slices of one address family hold its pods (KEP-752), with as few changes as possible. */
export function planSlices(world: SliceWorld): SlicePlan {
  const { service, slices, family, maxPerSlice } = world
  const labels = labelsOf(service)
  const content = withoutOwn(labels)
  const options = {
    maxPerSlice,
    isRelabelled: (slice: Slice) => !jsonEqual(withoutOwn(slice.metadata?.labels), content),
    relabel: (slice: Slice) => ({ ...slice, metadata: { ...slice.metadata, labels } }),
  }
  const groups = Map.groupBy(slices, (slice) =>
    isOwnedBy(slice, service) ? portsKey(slice.ports) : undefined,
  )
  const changes: Changes = { create: [], update: [], remove: [...(groups.get(undefined) ?? [])] }
  const withoutNode: Pod[] = []
  const counts: { endpoints: number; slices: number }[] = []
  let added = 0
  let removed = 0
  const wanted = wantedEndpoints(world, withoutNode)
  for (const [key, { ports, endpoints }] of wanted) {
    const own = groups.get(key) ?? []
    const arranged = arrangeEndpoints(own, endpoints, options)
    changes.update.push(...arranged.update)
    changes.remove.push(...arranged.remove)
    for (const group of arranged.create) changes.create.push(newSlice(service, family, ports, group))
    added += arranged.added
    removed += arranged.removed
    const left = own.length + arranged.create.length - arranged.remove.length
    counts.push({ endpoints: endpoints.size, slices: left })
  }
  for (const [key, unwanted] of groups) {
    if (key !== undefined && !wanted.has(key)) changes.remove.push(...unwanted)
  }
  // A service without endpoints has an empty slice, so that its followers know that it has none.
  if (changes.remove.length === slices.length && changes.create.length === 0) {
    const [only] = changes.remove
    if (changes.remove.length === 1 && only !== undefined && isPlaceholder(only, labels)) changes.remove = []
    else changes.create.push(newSlice(service, family, [], []))
    counts.push({ endpoints: 0, slices: 1 })
  }
  const touched = new Set([...changes.update, ...changes.remove].map(({ metadata }) => metadata?.name))
  const unchanged = slices.filter(({ metadata }) => !touched.has(metadata?.name))
  return { changes: { ...changes, unchanged }, withoutNode, added, removed, counts }
}

/** Slices are reused rather than deleted and made anew: fewer writes, and no gap in between. */
export function reuseSlices(service: Service, changes: SliceChanges): SliceChanges {
  const create = [...changes.create]
  const update = [...changes.update]
  const remove: Slice[] = []
  for (const slice of changes.remove) {
    const next = create.at(-1)
    if (next === undefined || slice.addressType !== next.addressType || !isOwnedBy(slice, service)) {
      remove.push(slice)
      continue
    }
    create.pop()
    update.push({ ...next, metadata: { ...next.metadata, name: slice.metadata?.name ?? '' } })
  }
  return { ...changes, create, update, remove }
}
