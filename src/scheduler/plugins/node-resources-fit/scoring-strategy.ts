import { maxNodeScore } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { ResourceReader } from '../../resource-readers.ts'

export interface ResourceWeight {
  readonly name: string
  /** 1 to 100. */
  readonly weight: number
}

export interface ShapePoint {
  /** Percent. */
  readonly utilization: number
  /** 0 to 10. */
  readonly score: number
}

export type ScoringStrategy =
  | { readonly type: 'LeastAllocated' | 'MostAllocated'; readonly resources: readonly ResourceWeight[] }
  | {
      readonly type: 'RequestedToCapacityRatio'
      readonly resources: readonly ResourceWeight[]
      readonly requestedToCapacityRatio: { readonly shape: readonly ShapePoint[] }
    }

export const defaultStrategy: ScoringStrategy = {
  type: 'LeastAllocated',
  resources: [
    { name: 'cpu', weight: 1 },
    { name: 'memory', weight: 1 },
  ],
}

/** A resource's score from what is requested there (the pod's included) and what there is. */
type ResourceScore = (requested: number, allocatable: number) => number

const leastAllocated: ResourceScore = (requested, allocatable) =>
  requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * maxNodeScore) / allocatable)

// Pods that ask for nothing count with a least amount, so that more may seem requested than there is.
export const mostAllocated: ResourceScore = (requested, allocatable) =>
  Math.trunc((Math.min(requested, allocatable) * maxNodeScore) / allocatable)

const highestUtilization = 100
const highestShapeScore = 10

/** Straight lines between the points; level before the first and after the last. */
function brokenLine(shape: readonly ShapePoint[]): (utilization: number) => number {
  const points = shape.map(({ utilization, score }) => ({
    utilization,
    score: score * (maxNodeScore / highestShapeScore),
  }))
  return (at) => {
    let before: (typeof points)[number] | undefined
    for (const point of points) {
      if (at <= point.utilization) {
        if (before === undefined) return point.score
        const rise = (point.score - before.score) * (at - before.utilization)
        return before.score + Math.trunc(rise / (point.utilization - before.utilization))
      }
      before = point
    }
    return before?.score ?? 0
  }
}

function ratio(shape: readonly ShapePoint[]): ResourceScore {
  const line = brokenLine(shape)
  return (requested, allocatable) =>
    line(
      requested > allocatable
        ? highestUtilization
        : Math.trunc((requested * highestUtilization) / allocatable),
    )
}

/** The weighted mean of a node's resources. `readers` are the strategy's resources, in order, for one pod. */
export function strategyScore(
  strategy: ScoringStrategy,
  readers: readonly (ResourceReader | undefined)[],
): (node: NodeInfo) => number {
  const byShape = strategy.type === 'RequestedToCapacityRatio'
  const scoreOf = byShape
    ? ratio(strategy.requestedToCapacityRatio.shape)
    : strategy.type === 'MostAllocated'
      ? mostAllocated
      : leastAllocated
  const parts = strategy.resources.flatMap(({ weight }, place) => {
    const reader = readers[place]
    return reader === undefined ? [] : [{ ...reader, weight }]
  })
  return (node) => {
    let [sum, weights] = [0, 0]
    for (const { request, allocatable, requested, weight } of parts) {
      const there = allocatable(node)
      if (there === 0) continue
      const score = scoreOf(requested(node) + request, there)
      // A resource without a score by the shape does not count; by the others it counts as 0.
      if (byShape && score <= 0) continue
      sum += score * weight
      weights += weight
    }
    if (weights === 0) return 0
    return byShape ? Math.round(sum / weights) : Math.trunc(sum / weights)
  }
}
