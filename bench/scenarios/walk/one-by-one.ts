import { performance } from 'node:perf_hooks'
import { median, percentile } from '../../load/keep-in-flight.ts'

export interface Latency {
  readonly medianMs: number
  readonly p99Ms: number
}

export const latency = (tookMs: readonly number[]): Latency => ({
  medianMs: median(tookMs),
  p99Ms: percentile(tookMs, 0.99),
})

/** What `work` takes when nothing else is under way. */
export async function oneByOne(count: number, work: (index: number) => Promise<unknown>): Promise<Latency> {
  const tookMs: number[] = []
  for (let index = 0; index < count; index++) {
    const startMs = performance.now()
    await work(index)
    tookMs.push(performance.now() - startMs)
  }
  return latency(tookMs)
}
