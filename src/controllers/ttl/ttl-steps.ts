interface Step {
  /** Below so many nodes the step before is good enough again. */
  readonly leastNodes: number
  readonly mostNodes: number
  readonly ttlSeconds: number
}

/** Upstream's; they overlap so that a few nodes more or less change nothing. */
const steps: readonly Step[] = [
  { leastNodes: 0, mostNodes: 100, ttlSeconds: 0 },
  { leastNodes: 90, mostNodes: 500, ttlSeconds: 15 },
  { leastNodes: 450, mostNodes: 1_000, ttlSeconds: 30 },
  { leastNodes: 900, mostNodes: 2_000, ttlSeconds: 60 },
  { leastNodes: 1_800, mostNodes: Number.POSITIVE_INFINITY, ttlSeconds: 300 },
]

/** The step for so many nodes, coming from another one. */
export function nextStep(step: number, nodes: number): number {
  let next = step
  while (nodes > (steps[next]?.mostNodes ?? Number.POSITIVE_INFINITY)) next++
  while (nodes < (steps[next]?.leastNodes ?? 0)) next--
  return next
}

export const ttlSecondsOf = (step: number): number => steps[step]?.ttlSeconds ?? 0
