import type { TopologyHint } from '../topology/hint.ts'
import { countOf, hasAny, masksFrom } from '../topology/numa-mask.ts'
import type { Device } from './device-plugin.ts'

export interface HintRequest {
  readonly devices: ReadonlyMap<string, Device>
  readonly available: ReadonlySet<string>
  /** Those that init containers of the pod have had: they have to be used again. */
  readonly reusable: ReadonlySet<string>
  readonly size: number
  readonly machineNodes: readonly number[]
}

/** Sets of NUMA nodes with enough devices; preferred are those of the least nodes that could ever do. */
export function deviceHints(request: HintRequest): readonly TopologyHint[] {
  const { devices, available, reusable, size, machineNodes } = request
  const all = [...devices.values()]
  const bearing = new Set(all.flatMap(({ nodes }) => nodes))
  const known = machineNodes.filter((node) => bearing.has(node)).sort((a, b) => a - b)
  const nodes = known.length === 0 ? machineNodes : known
  const nodesOf = (id: string): readonly number[] => devices.get(id)?.nodes ?? []
  let least = nodes.length
  const masks: bigint[] = []
  for (const mask of masksFrom(nodes)) {
    const inMask = all.filter((device) => hasAny(mask, device.nodes)).length
    if (inMask >= size && countOf(mask) < least) least = countOf(mask)
    const kept = [...reusable].filter((id) => nodesOf(id).length > 0)
    if (kept.some((id) => !hasAny(mask, nodesOf(id)))) continue
    const free = [...available].filter((id) => hasAny(mask, nodesOf(id))).length
    if (kept.length + free >= size) masks.push(mask)
  }
  return masks.map((affinity) => ({ affinity, preferred: countOf(affinity) === least }))
}
