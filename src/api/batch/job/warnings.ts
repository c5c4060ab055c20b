import type { batch } from '../../generated/types/index.ts'

const manyCompletions = 100_000
const manyAtOnce = 10_000

export function jobSpecWarnings(spec: batch.v1.JobSpec | undefined, path: string): readonly string[] {
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? {}
  if (completionMode !== 'Indexed' || completions <= manyCompletions || parallelism <= manyAtOnce) return []
  return [
    `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
  ]
}
