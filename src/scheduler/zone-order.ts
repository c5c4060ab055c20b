import { zoneOf } from '../api/core/node/zone.ts'
import type { NodeInfo } from './node-info.ts'

/** One node of each zone after the other, as upstream's node tree: a search that stops early has seen all zones. */
export function zoneOrder(nodes: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>()
  for (const info of nodes) {
    const zone = zoneOf(info.node)
    const members = zones.get(zone)
    if (members) members.push(info)
    else zones.set(zone, [info])
  }
  if (zones.size < 2) return nodes.slice()
  const lists = [...zones.values()]
  const order: NodeInfo[] = []
  for (let round = 0; order.length < nodes.length; round++) {
    for (const members of lists) {
      const info = members[round]
      if (info !== undefined) order.push(info)
    }
  }
  return order
}
