import type { PlacementScore } from '../../framework.ts'
import type { NodeTable } from '../../node-table.ts'
import { resourceReaders } from '../../resource-readers.ts'
import { mostAllocated, type ResourceWeight } from './scoring-strategy.ts'

/** How full a placement's nodes would be together, with a group's pods: the fuller, the better (upstream, whatever the nodes' strategy). */
export const placementFullness =
  (table: NodeTable, resources: readonly ResourceWeight[]): PlacementScore['score'] =>
  (_group, { pods, nodes }) => {
    let [sum, weights] = [0, 0]
    for (const { name, weight } of resources) {
      const readers = pods.flatMap((pod) => resourceReaders(table, pod, [name], true)[0] ?? [])
      const [reader] = readers
      if (reader === undefined) continue
      let there = 0
      let requested = readers.reduce((all, { request }) => all + request, 0)
      for (const node of nodes) {
        if (reader.allocatable(node) === 0) continue
        there += reader.allocatable(node)
        requested += reader.requested(node)
      }
      if (there === 0) continue
      sum += mostAllocated(requested, there) * weight
      weights += weight
    }
    return weights === 0 ? 0 : Math.trunc(sum / weights)
  }
