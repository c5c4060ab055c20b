import { isPodReady } from '../../api/core/pod/pod-state.ts'
import { Service as ServiceKind } from '../../api/core/service/kind.ts'
import {
  addressesOf,
  hasEndpoint,
  headlessLabel,
  hostnameIn,
  isHeadless,
  targetPortOf,
} from '../../api/core/service/service-pods.ts'
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

type Service = core.v1.Service
type Pod = core.v1.Pod
type Slice = discovery.v1.EndpointSlice
type Endpoint = discovery.v1.Endpoint
type Port = discovery.v1.EndpointPort
type Family = 'IPv4' | 'IPv6'

export const managedBy = 'endpointslice-controller.k8s.io'
const zoneLabel = 'topology.kubernetes.io/zone'

const ownLabels: readonly string[] = [serviceNameLabel, managedByLabel, headlessLabel]

export interface SlicePlan {
  readonly create: readonly Slice[]
  readonly update: readonly Slice[]
  readonly remove: readonly Slice[]
  /** Pods that are left out because their nodes are not known (yet). */
  readonly withoutNode: readonly Pod[]
}

export interface SliceWorld {
  readonly service: Service
  /** Those that it selects. */
  readonly pods: readonly Pod[]
  readonly node: (name: string) => core.v1.Node | undefined
  /** Slices of the service that this controller manages and nobody deletes. */
  readonly slices: readonly Slice[]
}

function familiesOf(service: Service): readonly Family[] {
  const { ipFamilies = [], clusterIP = '' } = service.spec ?? {}
  const families = (['IPv4', 'IPv6'] as const).filter((family) => ipFamilies.includes(family))
  if (families.length > 0) return families
  if (isHeadless(service)) return ['IPv4', 'IPv6']
  return [clusterIP.includes(':') ? 'IPv6' : 'IPv4']
}

/** KEP-4444: traffic is to stay in the zone, or on the node. */
function hintsFor(service: Service, endpoint: Endpoint): discovery.v1.EndpointHints | undefined {
  const wish = service.spec?.trafficDistribution
  if (wish !== 'PreferClose' && wish !== 'PreferSameZone' && wish !== 'PreferSameNode') return undefined
  const { zone, nodeName } = endpoint
  if (endpoint.conditions?.ready !== true) return undefined
  const forZones = zone === undefined ? undefined : [{ name: zone }]
  const forNodes = nodeName === undefined || wish !== 'PreferSameNode' ? undefined : [{ name: nodeName }]
  return forZones === undefined && forNodes === undefined ? undefined : defined({ forNodes, forZones })
}

function endpointOf(
  service: Service,
  pod: Pod,
  node: core.v1.Node | undefined,
  addresses: readonly string[],
): Endpoint {
  const serving = isPodReady(pod)
  const terminating = pod.metadata?.deletionTimestamp !== undefined
  const { namespace, name, uid } = pod.metadata ?? {}
  const endpoint: Endpoint = defined({
    addresses,
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    hostname: hostnameIn(service, pod),
    nodeName: pod.spec?.nodeName || undefined,
    targetRef: defined({ kind: 'Pod', namespace, name, uid }),
    zone: node?.metadata?.labels?.[zoneLabel],
  })
  const hints = hintsFor(service, endpoint)
  return hints === undefined ? endpoint : { ...endpoint, hints }
}

function portsOf(service: Service, pod: Pod): readonly Port[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPortOf(pod, servicePort)
    if (port === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = servicePort
    return [defined({ name, port, protocol, appProtocol })]
  })
}

/** The service's labels, and the controller's own. */
function labelsOf(service: Service): StringMap {
  const labels = Object.entries(service.metadata?.labels ?? {}).filter(([name]) => !ownLabels.includes(name))
  return {
    ...Object.fromEntries(labels),
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata?.name ?? '',
    [managedByLabel]: managedBy,
  }
}

function newSlice(service: Service, family: Family, ports: readonly Port[]): Slice {
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
    endpoints: [],
    ports,
  }
}

const isOwnedBy = (slice: Slice, service: Service): boolean =>
  (slice.metadata?.ownerReferences ?? []).some(
    ({ uid, kind }) => uid === service.metadata?.uid && kind === 'Service',
  )

interface Wanted {
  readonly ports: readonly Port[]
  /** By what identifies an endpoint, whatever its condition. */
  readonly endpoints: Map<string, Endpoint>
}

/** The endpoints of each set of ports: pods may differ in what a port's name means to them. */
function wantedEndpoints(
  { service, pods, node }: SliceWorld,
  family: Family,
  withoutNode: Set<Pod>,
): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  for (const pod of pods) {
    if (!hasEndpoint(pod, true)) continue
    const ports = portsOf(service, pod)
    const key = portsKey(ports)
    const group = wanted.get(key) ?? { ports, endpoints: new Map<string, Endpoint>() }
    wanted.set(key, group)
    const itsNode = node(pod.spec?.nodeName ?? '')
    if (itsNode === undefined && service.spec?.publishNotReadyAddresses !== true) {
      withoutNode.add(pod)
      continue
    }
    const addresses = addressesOf(pod, family)
    if (addresses.length === 0) continue
    const endpoint = endpointOf(service, pod, itsNode, addresses)
    group.endpoints.set(endpointKey(endpoint), endpoint)
  }
  return wanted
}

function isPlaceholder(slice: Slice, service: Service): boolean {
  return (
    (slice.endpoints ?? []).length === 0 &&
    (slice.ports ?? []).length === 0 &&
    isOwnedBy(slice, service) &&
    jsonEqual(slice.metadata?.labels, labelsOf(service))
  )
}

interface Changes {
  create: Slice[]
  update: Slice[]
  remove: Slice[]
}

function planFamily(
  world: SliceWorld,
  family: Family,
  slices: readonly Slice[],
  withoutNode: Set<Pod>,
): Changes {
  const { service } = world
  const labels = labelsOf(service)
  const changes: Changes = { create: [], update: [], remove: [] }
  const groups = Map.groupBy(slices, (slice) =>
    isOwnedBy(slice, service) ? portsKey(slice.ports) : undefined,
  )
  changes.remove.push(...(groups.get(undefined) ?? []))
  const wanted = wantedEndpoints(world, family, withoutNode)
  for (const [key, { ports, endpoints }] of wanted) {
    const arranged = arrangeEndpoints(groups.get(key) ?? [], endpoints, labels)
    changes.update.push(...arranged.update)
    changes.remove.push(...arranged.remove)
    for (const group of arranged.create) {
      changes.create.push({ ...newSlice(service, family, ports), endpoints: group })
    }
  }
  for (const [key, unwanted] of groups) {
    if (key !== undefined && !wanted.has(key)) changes.remove.push(...unwanted)
  }
  // A service without endpoints has an empty slice, so that its followers know that it has none.
  if (changes.remove.length === slices.length && changes.create.length === 0) {
    const [only] = changes.remove
    if (changes.remove.length === 1 && only !== undefined && isPlaceholder(only, service)) changes.remove = []
    else changes.create.push(newSlice(service, family, []))
  }
  return changes
}

/** Slices are reused rather than deleted and made anew: fewer writes, and no gap in between. */
function reuse(service: Service, { create, update, remove }: Changes): Changes {
  const result: Changes = { create: [...create], update: [...update], remove: [] }
  for (const slice of remove) {
    const next = result.create.at(-1)
    if (next === undefined || slice.addressType !== next.addressType || !isOwnedBy(slice, service)) {
      result.remove.push(slice)
      continue
    }
    result.create.pop()
    const labels = next.metadata?.labels ?? {}
    const { endpoints = [], ports = [] } = next
    result.update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints, ports })
  }
  return result
}

/** What makes a service's slices hold its pods (KEP-752), with as few changes as possible. */
export function planSlices(world: SliceWorld): SlicePlan {
  const { service, slices } = world
  const families = familiesOf(service)
  const withoutNode = new Set<Pod>()
  const all: Changes = {
    create: [],
    update: [],
    remove: slices.filter(({ addressType }) => !families.some((family) => family === addressType)),
  }
  for (const family of families) {
    const own = slices.filter(({ addressType }) => addressType === family)
    const changes = reuse(service, planFamily(world, family, own, withoutNode))
    all.create.push(...changes.create)
    all.update.push(...changes.update)
    all.remove.push(...changes.remove)
  }
  // The garbage collector deletes the slices of a service that goes away.
  const create = service.metadata?.deletionTimestamp === undefined ? all.create : []
  return { ...all, create, withoutNode: [...withoutNode] }
}
