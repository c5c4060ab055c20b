import type { core } from '../../api/generated/types/index.ts'
import { assert } from '../../base/assert.ts'
import type { Rejection } from '../framework.ts'
import type { NodeTable } from '../node-table.ts'
import type { PodInfo } from '../pod-info.ts'

/** A node that was refused, as it was then. */
export interface SeenNode {
  readonly node: core.v1.Node
  /** Which said no; plugins after it were not asked. */
  readonly plugin: string
  readonly rejection: Rejection
  /** What no pod had asked for, of what this pod asks for; in the units of requests. */
  readonly free: ReadonlyMap<string, number>
}

export function seeNode(
  { columns, nodes }: NodeTable,
  index: number,
  { requests }: PodInfo,
  refusal: Pick<SeenNode, 'plugin' | 'rejection'>,
): SeenNode {
  const info = nodes[index]
  assert(info !== undefined, 'nodes do not leave within a cycle')
  const { node, extended } = info
  const left = (allocatable: Float64Array, requested: Float64Array): number =>
    (allocatable[index] ?? 0) - (requested[index] ?? 0)
  const freeOf = (resource: string): number => {
    switch (resource) {
      case 'cpu':
        return left(columns.allocatableCpuMilli, columns.requestedCpuMilli)
      case 'memory':
        return left(columns.allocatableMemoryBytes, columns.requestedMemoryBytes)
      case 'ephemeral-storage':
        return left(columns.allocatableEphemeralBytes, columns.requestedEphemeralBytes)
      default: {
        const there = extended.get(resource)
        return (there?.allocatable ?? 0) - (there?.requested ?? 0)
      }
    }
  }
  const free = new Map([['pods', left(columns.allocatablePods, columns.podCount)]])
  for (const resource of requests.keys()) if (resource !== 'pods') free.set(resource, freeOf(resource))
  return { node, ...refusal, free }
}
