import { Endpoints as EndpointsKind } from '../../api/core/endpoints/kind.ts'
import { repackSubsets } from '../../api/core/endpoints/pack-subsets.ts'
import {
  endpointKey,
  lastChangeTriggerTime,
  managedByLabel,
  portsKey,
  sameEndpoint,
  serviceNameLabel,
  sliceNamePrefix,
} from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { formatIp, isIpv4Mapped, parseIp } from '../../apimachinery/ip-address.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { StringMap } from '../../apimachinery/meta.ts'
import { defined } from '../../base/defined.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'
import type { SliceCounts } from '../../reconcile/slice-metrics.ts'

type Endpoints = core.v1.Endpoints
type Slice = discovery.v1.EndpointSlice
type Endpoint = discovery.v1.Endpoint
type Family = 'IPv4' | 'IPv6'

export const managedBy = 'endpointslicemirroring-controller.k8s.io'

/** Annotations that are about the Endpoints themselves. */
const ownAnnotations = [lastChangeTriggerTime, 'kubectl.kubernetes.io/last-applied-configuration']
const ownLabels = [managedByLabel, serviceNameLabel]

export interface MirrorPlan {
  readonly create: readonly Slice[]
  readonly update: readonly Slice[]
  readonly remove: readonly Slice[]
  /** Addresses that are none. */
  readonly invalid: number
  /** Addresses that are left out, for being invalid or too many. */
  readonly skipped: number
  readonly added: number
  readonly updated: number
  readonly removed: number
  readonly counts: SliceCounts
}

/** The endpoints of one address family and set of ports: they have one slice. */
interface Group {
  readonly family: Family
  readonly ports: readonly discovery.v1.EndpointPort[]
  readonly endpoints: Map<string, Endpoint>
}

interface Wanted {
  readonly groups: ReadonlyMap<string, Group>
  readonly invalid: number
  readonly skipped: number
}

const without = (map: StringMap | undefined, names: readonly string[]): StringMap =>
  Object.fromEntries(Object.entries(map ?? {}).filter(([name]) => !names.includes(name)))

const groupKey = (family: string, ports: readonly discovery.v1.EndpointPort[] | null | undefined): string =>
  `${family} ${portsKey(ports)}`

/** Irregular texts (`010.0.0.1`) become regular ones. */
function mirrored(
  { ip, hostname, nodeName, targetRef }: core.v1.EndpointAddress,
  ready: boolean,
): readonly [Family, Endpoint] | undefined {
  const parsed = parseIp(ip, { allowLeadingZeros: true })
  if (parsed === undefined) return undefined
  const address = isIpv4Mapped(parsed) ? ({ family: 4, value: parsed.value & 0xffffffffn } as const) : parsed
  const endpoint = defined({
    addresses: [formatIp(address)],
    conditions: { ready },
    hostname: hostname || undefined,
    nodeName,
    targetRef,
  })
  return [address.family === 4 ? 'IPv4' : 'IPv6', endpoint]
}

function wantedGroups({ subsets = [] }: Endpoints, maxPerSubset: number): Wanted {
  const groups = new Map<string, Group>()
  let invalid = 0
  let skipped = 0
  for (const { addresses = [], notReadyAddresses = [], ports: subsetPorts = [] } of repackSubsets(subsets)) {
    const ports = subsetPorts.map(({ name = '', port, protocol, appProtocol }) =>
      defined({ name, port, protocol, appProtocol }),
    )
    for (const family of ['IPv4', 'IPv6'] as const) {
      const key = groupKey(family, ports)
      if (!groups.has(key)) groups.set(key, { family, ports, endpoints: new Map() })
    }
    let taken = 0
    const take = (address: core.v1.EndpointAddress, isReady: boolean): void => {
      if (taken >= maxPerSubset) return
      const found = mirrored(address, isReady)
      if (found === undefined) {
        invalid++
        return
      }
      const [family, endpoint] = found
      groups.get(groupKey(family, ports))?.endpoints.set(endpointKey(endpoint), endpoint)
      taken++
    }
    for (const address of addresses) take(address, true)
    for (const address of notReadyAddresses) take(address, false)
    skipped += addresses.length + notReadyAddresses.length - taken
  }
  return { groups, invalid, skipped }
}

function sliceOf(endpoints: Endpoints, { family, ports, endpoints: held }: Group, name?: string): Slice {
  const { name: owner = '', namespace, labels, annotations } = endpoints.metadata ?? {}
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: defined({
      ...(name === undefined ? { generateName: sliceNamePrefix(owner) } : { name }),
      namespace,
      labels: { ...labels, [serviceNameLabel]: owner, [managedByLabel]: managedBy },
      annotations: without(annotations, ownAnnotations),
      ownerReferences: [controllerReference(EndpointsKind, endpoints)],
    }),
    addressType: family,
    endpoints: [...held.values()],
    ports,
  }
}

interface Difference {
  readonly added: number
  readonly updated: number
  readonly removed: number
}

function differenceOf({ endpoints }: Slice, wanted: ReadonlyMap<string, Endpoint>): Difference {
  let matches = 0
  let updated = 0
  for (const endpoint of endpoints ?? []) {
    const now = wanted.get(endpointKey(endpoint))
    if (now === undefined) continue
    matches++
    if (!sameEndpoint(now, endpoint)) updated++
  }
  return { added: wanted.size - matches, updated, removed: (endpoints ?? []).length - matches }
}

/** Whether a slice is as its Endpoints make it, apart from the endpoints in it. */
function fits({ metadata }: Slice, endpoints: Endpoints): boolean {
  const { name, uid, labels, annotations } = endpoints.metadata ?? {}
  return (
    jsonEqual(without(metadata?.labels, ownLabels), labels ?? {}) &&
    jsonEqual(metadata?.annotations ?? {}, without(annotations, ownAnnotations)) &&
    !(metadata?.ownerReferences ?? []).some(
      (owner) => owner.kind === 'Endpoints' && owner.name === name && owner.uid !== uid,
    )
  )
}

/** Slices that would go take over what would be made: fewer writes, and no gap in between. */
function recycle(create: readonly Slice[], remove: readonly Slice[]) {
  const left = [...remove]
  const made: Slice[] = []
  const renamed: Slice[] = []
  for (const slice of create) {
    const at = left.findIndex(({ addressType }) => addressType === slice.addressType)
    const [old] = at < 0 ? [] : left.splice(at, 1)
    if (old === undefined) made.push(slice)
    else {
      const { generateName: _, ...metadata } = slice.metadata ?? {}
      renamed.push({ ...slice, metadata: { ...metadata, name: old.metadata?.name ?? '' } })
    }
  }
  return { made, renamed, left }
}

/** The slices that show what somebody wrote into Endpoints: one for each address family and set of ports. */
export function planMirror(
  endpoints: Endpoints,
  existing: readonly Slice[],
  maxPerSubset: number,
): MirrorPlan {
  const { groups, invalid, skipped } = wantedGroups(endpoints, maxPerSubset)
  const slices = Map.groupBy(existing, ({ addressType, ports }) => groupKey(addressType, ports))
  const create: Slice[] = []
  const update: Slice[] = []
  const remove: Slice[] = []
  const counts: { endpoints: number; slices: number }[] = []
  const total = { added: 0, updated: 0, removed: 0 }
  for (const [key, group] of groups) {
    const [first, ...others] = slices.get(key) ?? []
    const difference =
      first === undefined
        ? { added: group.endpoints.size, updated: 0, removed: 0 }
        : differenceOf(first, group.endpoints)
    total.added += difference.added
    total.updated += difference.updated
    total.removed += difference.removed
    counts.push({ endpoints: group.endpoints.size, slices: group.endpoints.size === 0 ? 0 : 1 })
    remove.push(...others)
    if (group.endpoints.size === 0) {
      if (first !== undefined) remove.push(first)
    } else if (first === undefined) create.push(sliceOf(endpoints, group))
    else if (!jsonEqual(difference, { added: 0, updated: 0, removed: 0 }) || !fits(first, endpoints)) {
      update.push(sliceOf(endpoints, group, first.metadata?.name))
    }
  }
  for (const [key, unwanted] of slices) if (!groups.has(key)) remove.push(...unwanted)
  const { made, renamed, left } = recycle(create, remove)
  // The garbage collector deletes the slices of Endpoints that go away.
  const isGoing = endpoints.metadata?.deletionTimestamp !== undefined
  return {
    create: isGoing ? [] : made,
    update: [...update, ...renamed],
    remove: left,
    ...{ invalid, skipped, counts, ...total },
  }
}
