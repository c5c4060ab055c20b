import { initAndMainContainers } from '../../../api/core/pod/init-and-main-containers.ts'
import { podRequests } from '../../../api/core/pod/pod-requests.ts'
import { isHugePages } from '../../../api/core/resource-names.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { podClaimName } from '../../../api/resource/pod-claims.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { addQuantities, amountOf, formatQuantity } from '../../../apimachinery/quantity.ts'
import type { PluginContext, Rejection } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import { makePodInfo, type PodInfo } from '../../pod-info.ts'
import { resourceReaders } from '../../resource-readers.ts'

type Claim = resource.v1.ResourceClaim
type Allocation = resource.v1.AllocationResult
type Result = resource.v1.DeviceRequestAllocationResult
type Mapping = resource.v1.NodeAllocatableResourceMapping
type ClaimStatus = core.v1.NodeAllocatableResourceClaimStatus & { readonly resources: object }

const refuse = (reason: string): Rejection => ({ resolvable: false, reasons: [reason] })

const poolKey = (driver: string, pool: string): string => `${driver}/${pool}`

const byPool = ({ spec }: resource.v1.ResourceSlice): readonly string[] => [
  poolKey(spec.driver, spec.pool.name),
]

const nanoPerUnit = 1_000_000_000n

function product(left: string, right: string): string {
  const [one, other] = [amountOf(left), amountOf(right)]
  if (one === undefined || other === undefined) return left
  // Nothing smaller than a nano is kept: what is left of one counts as one.
  const nano = (one.nano * other.nano + nanoPerUnit - 1n) / nanoPerUnit
  return formatQuantity({ nano, format: one.format })
}

/** What a device takes of one of the node's own resources; undefined: nothing of what it shares is taken. */
function amountOfMapping(
  { capacityKey, allocationMultiplier }: Mapping,
  { consumedCapacity }: Result,
  where: string,
): string | undefined {
  if (!capacityKey) return allocationMultiplier ?? '0'
  if (consumedCapacity === undefined)
    throw new Error(
      `${where}: ConsumedCapacity is nil, but Capacity key '${capacityKey}' is set in NodeAllocatableResourceMappings`,
    )
  const consumed = consumedCapacity[capacityKey]
  if (consumed === undefined || allocationMultiplier === undefined) return consumed
  return product(consumed, allocationMultiplier)
}

/** What pods take of a node's own processors, memory and the like through their devices (KEP-5517, behind DRANodeAllocatableResources). */
export class NodeAllocatable {
  readonly #context: Pick<PluginContext, 'nodes'>
  readonly #slices

  constructor(context: Pick<PluginContext, 'nodes' | 'informers'>) {
    this.#context = context
    const slices = context.informers.informer(ResourceSlice)
    slices.addIndexers({ pool: byPool })
    this.#slices = slices.lister
  }

  /** Why the pod cannot use a claim there that has its devices: what they take is one pod's. */
  refuseShared({ metadata }: core.v1.Pod, { pods }: NodeInfo, claim: Claim): Rejection | undefined {
    const name = claim.metadata?.name ?? ''
    const users = [...pods.values()].filter(
      ({ pod }) =>
        pod.metadata?.namespace === metadata?.namespace &&
        pod.status?.nodeAllocatableResourceClaimStatuses?.some((one) => one.resourceClaimName === name),
    )
    if (users.length > 1) return refuse(`node allocatable resource claim ${name} shared by multiple pods`)
    if (users.length === 0 || users[0]?.uid === metadata?.uid) return undefined
    return refuse(`node allocatable resource claim ${name} is already used by another pod`)
  }

  /** The pod as it counts on the node with the devices that were found for it, or why that is too much; undefined: as ever. */
  countedOn(
    info: NodeInfo,
    { pod }: PodInfo,
    found: ReadonlyMap<Claim, Allocation>,
  ): PodInfo | Rejection | undefined {
    const statuses: ClaimStatus[] = []
    for (const [claim, allocation] of found) {
      const taken = this.#takenBy(claim, allocation)
      const resourceClaimName = claim.metadata?.name ?? ''
      const containers = containersWith(pod, resourceClaimName)
      if (Object.keys(taken).length > 0) statuses.push({ resourceClaimName, containers, resources: taken })
    }
    if (statuses.length === 0) return undefined
    statuses.sort((one, other) => (one.resourceClaimName < other.resourceClaimName ? -1 : 1))
    for (const { containers, resourceClaimName } of statuses)
      if (containers?.length === 0)
        return refuse(
          `claim ${resourceClaimName}: node-allocatable resource claim not referenced by any container within the pod`,
        )
    const status = { ...pod.status, nodeAllocatableResourceClaimStatuses: statuses }
    const counted = makePodInfo({ ...pod, status })
    return uncovered(counted) ?? this.#shortage(info, counted) ?? counted
  }

  #takenBy({ metadata }: Claim, { devices }: Allocation): Record<string, string> {
    const taken: Record<string, string> = {}
    for (const result of devices?.results ?? []) {
      const mappings = this.#device(result)?.nodeAllocatableResourceMappings ?? {}
      const where = `claim ${metadata?.namespace}/${metadata?.name}, device ${result.device}`
      for (const [name, mapping] of Object.entries(mappings)) {
        const amount = amountOfMapping(mapping, result, where)
        if (amount === undefined) continue
        const before = taken[name]
        taken[name] = before === undefined ? amount : addQuantities(before, amount)
      }
    }
    return taken
  }

  /** Drivers may call their pools and devices alike: many name a pool after its node. */
  #device({ driver, pool, device }: Result): resource.v1.Device | undefined {
    for (const { spec } of this.#slices.byIndex('pool', poolKey(driver, pool))) {
      const found = spec.devices?.find(({ name }) => name === device)
      if (found !== undefined) return found
    }
    return undefined
  }

  #shortage(info: NodeInfo, counted: PodInfo): Rejection | undefined {
    const names = ['cpu', 'memory', 'ephemeral-storage', ...[...counted.requests.keys()].filter(isHugePages)]
    const readers = resourceReaders(this.#context.nodes, counted, names, false)
    const reasons: string[] = []
    let resolvable = true
    for (const [place, name] of names.entries()) {
      const reader = readers[place]
      if (reader === undefined || reader.request === 0) continue
      const allocatable = reader.allocatable(info)
      if (reader.request <= allocatable - reader.requested(info)) continue
      reasons.push(`Insufficient ${name}`)
      if (reader.request > allocatable) resolvable = false
    }
    return reasons.length === 0 ? undefined : { resolvable, reasons }
  }
}

/** The names of a pod's containers that use the claim, init containers first. */
function containersWith(pod: core.v1.Pod, claimName: string): readonly string[] {
  const { resourceClaims = [] } = pod.spec ?? {}
  const entries = new Set(
    resourceClaims.flatMap((entry) => {
      const found = podClaimName(pod, entry)
      return typeof found !== 'string' && found.name === claimName ? [entry.name] : []
    }),
  )
  return initAndMainContainers(pod.spec).flatMap(({ name, resources }) =>
    (resources?.claims ?? []).flatMap((claim) => (entries.has(claim.name) ? [name] : [])),
  )
}

/** Pod-level requests have to cover what containers and devices take together. */
function uncovered({ pod, requests }: PodInfo): Rejection | undefined {
  if (pod.spec?.resources?.requests === undefined) return undefined
  const { resources: _, ...spec } = pod.spec
  for (const [name, amount] of podRequests({ ...pod, spec }, { claimed: true }))
    if (amount > (requests.get(name) ?? amount))
      return refuse(
        `pod level request for ${name} is insufficient to cover the aggregated container and node-allocatable DRA requests`,
      )
  return undefined
}
