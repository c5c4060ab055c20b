import { matchesNodeSelector } from '../../../api/core/pod/node-affinity.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'

type Slice = resource.v1.ResourceSlice
type Device = resource.v1.Device

/** A device where it is offered. */
export interface OfferedDevice {
  /** `driver/pool/name`. */
  readonly id: string
  readonly device: Device
  readonly slice: Slice
  readonly pool: DevicePool
}

/** All slices of the newest generation of a driver's pool, as far as they concern a node. */
export interface DevicePool {
  readonly driver: string
  readonly name: string
  /** Its driver is about to publish more: nothing of it is given out. */
  readonly state: 'ready' | 'incomplete' | 'invalid'
  readonly devices: readonly OfferedDevice[]
  /** Of the whole pool: they may use the same counters. */
  readonly elsewhere: readonly { readonly id: string; readonly device: Device }[]
  readonly counterSets: ReadonlyMap<string, resource.v1.CounterSet>
}

export interface SliceSource {
  /** Slices of the node, and those that are not one node's. */
  readonly forNode: (node: string) => readonly Slice[]
  readonly all: () => readonly Slice[]
}

interface NodeChoice {
  readonly nodeName?: string
  readonly allNodes?: boolean
  readonly nodeSelector?: core.v1.NodeSelector
}

export function choosesNode({ nodeName, allNodes, nodeSelector }: NodeChoice, node: core.v1.Node): boolean {
  if (nodeName) return nodeName === node.metadata?.name
  return allNodes === true || (nodeSelector !== undefined && matchesNodeSelector(nodeSelector, node))
}

function concerns({ spec }: Slice, node: core.v1.Node): boolean {
  if ((spec.sharedCounters ?? []).length > 0) return true
  if (spec.nodeName || spec.allNodes || spec.nodeSelector !== undefined) return choosesNode(spec, node)
  return (
    spec.perDeviceNodeSelection === true && (spec.devices ?? []).some((device) => choosesNode(device, node))
  )
}

const keyOf = ({ spec }: Slice): string => `${spec.driver}/${spec.pool.name}`

/** The slices of each pool's newest generation. */
function newest(slices: readonly Slice[]): Map<string, Slice[]> {
  const pools = new Map<string, Slice[]>()
  for (const slice of slices) {
    const known = pools.get(keyOf(slice))
    const generation = known?.[0]?.spec.pool.generation ?? -1
    if (slice.spec.pool.generation > generation) pools.set(keyOf(slice), [slice])
    else if (slice.spec.pool.generation === generation) known?.push(slice)
  }
  return pools
}

const idOf = ({ spec }: Slice, { name }: Device): string => `${spec.driver}/${spec.pool.name}/${name}`

/** Names are unique, and counters that devices use are there. */
function isValid(devices: readonly Device[], own: number, sets: readonly resource.v1.CounterSet[]): boolean {
  const names = new Set(devices.slice(0, own).map(({ name }) => name))
  const counters = new Map(sets.map((set) => [set.name, set.counters]))
  if (names.size !== own || counters.size !== sets.length) return false
  return devices.every(({ consumesCounters = [] }) =>
    consumesCounters.every(({ counterSet, counters: used }) => {
      const there = counters.get(counterSet)
      return there !== undefined && Object.keys(used).every((name) => there[name] !== undefined)
    }),
  )
}

function buildPool(
  slices: readonly Slice[],
  others: readonly Slice[],
  partitions: boolean,
): DevicePool | undefined {
  const [first] = slices
  if (first === undefined) return undefined
  const sorted = [...slices].sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1))
  const sets = partitions ? sorted.flatMap(({ spec }) => spec.sharedCounters ?? []) : []
  const offered = sorted.flatMap((slice) => (slice.spec.devices ?? []).map((device) => ({ slice, device })))
  const elsewhere = others.flatMap((slice) =>
    (slice.spec.devices ?? []).map((device) => ({ id: idOf(slice, device), device })),
  )
  const all = [...offered, ...elsewhere].map(({ device }) => device)
  const valid = isValid(
    partitions ? all : all.map(({ consumesCounters: _, ...rest }) => rest),
    offered.length,
    sets,
  )
  const devices: OfferedDevice[] = []
  const pool: DevicePool = {
    driver: first.spec.driver,
    name: first.spec.pool.name,
    state: valid ? 'ready' : 'invalid',
    devices,
    elsewhere,
    counterSets: new Map(sets.map((set) => [set.name, set])),
  }
  for (const { slice, device } of offered) devices.push({ id: idOf(slice, device), device, slice, pool })
  return pool
}

/** The pools that a node can use, by driver and name. Obsolete ones are not among them. */
export function gatherPools(
  node: core.v1.Node,
  source: SliceSource,
  partitions: boolean,
): readonly DevicePool[] {
  const usable = (slice: Slice): boolean =>
    partitions ||
    (slice.spec.perDeviceNodeSelection === undefined && (slice.spec.sharedCounters ?? []).length === 0)
  const slices = source
    .forNode(node.metadata?.name ?? '')
    .filter((slice) => usable(slice) && concerns(slice, node))
  const pools: DevicePool[] = []
  for (const [key, own] of newest(slices)) {
    const { driver, pool } = own[0]?.spec ?? {}
    if (driver === undefined || pool === undefined) continue
    let others: readonly Slice[] = []
    if (own.length !== pool.resourceSliceCount) {
      const all = newest(source.all().filter((slice) => keyOf(slice) === key)).get(key) ?? []
      if ((all[0]?.spec.pool.generation ?? 0) > pool.generation) continue
      if (all.length !== pool.resourceSliceCount) {
        pools.push({
          driver,
          name: pool.name,
          state: 'incomplete',
          devices: [],
          elsewhere: [],
          counterSets: new Map(),
        })
        continue
      }
      others = all.filter((slice) => !own.includes(slice))
    }
    const built = buildPool(own, others, partitions)
    if (built !== undefined) pools.push(built)
  }
  // Devices that can be used at once go before those that somebody has to prepare first.
  const isLate = ({ devices }: DevicePool): boolean =>
    devices.some(({ device }) => device.bindingConditions !== undefined)
  const keyed = (pool: DevicePool): string => `${isLate(pool) ? 1 : 0}${pool.driver}\n${pool.name}`
  return pools.sort((a, b) => (keyed(a) < keyed(b) ? -1 : 1))
}
