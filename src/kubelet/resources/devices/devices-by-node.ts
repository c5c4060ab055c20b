import { hasNode, type NumaMask } from '../topology/numa-mask.ts'
import type { Device } from './device-plugin.ts'

/** Of devices that are near no NUMA node. */
const withoutTopology = -1

/** Ids of devices by NUMA node; a device near several stands with each of them. */
export function devicesByNode(
  devices: readonly Pick<Device, 'id' | 'nodes'>[],
): ReadonlyMap<number, readonly string[]> {
  const byNode = new Map<number, string[]>()
  for (const { id, nodes } of devices)
    for (const node of nodes.length === 0 ? [withoutTopology] : nodes)
      byNode.set(node, [...(byNode.get(node) ?? []), id])
  return byNode
}

interface DevicesByAffinity {
  /** Of the wanted NUMA nodes, of others, and of none. */
  readonly aligned: readonly string[]
  readonly unaligned: readonly string[]
  readonly indifferent: readonly string[]
}

/** Available devices by whether they are where they are wanted; within each, those of nodes with few devices first. */
export function byAffinity(available: readonly Device[], affinity: NumaMask): DevicesByAffinity {
  const rank = (node: number): number => (node === withoutTopology ? 2 : hasNode(affinity, node) ? 0 : 1)
  const nodes = [...devicesByNode(available)].sort(
    ([a, left], [b, right]) => rank(a) - rank(b) || left.length - right.length || a - b,
  )
  const groups: [string[], string[], string[]] = [[], [], []]
  const taken = new Set<string>()
  for (const [node, ids] of nodes) {
    for (const id of ids) {
      if (taken.has(id)) continue
      taken.add(id)
      groups[rank(node)]?.push(id)
    }
  }
  return { aligned: groups[0], unaligned: groups[1], indifferent: groups[2] }
}
