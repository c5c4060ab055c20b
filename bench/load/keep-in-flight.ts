import { performance } from 'node:perf_hooks'

/** What a number of requests took. */
export interface Throughput {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The value below which the share `part` of all values lies; NaN where there are none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Calls `work` for 0 … count-1, `flight` of them at any time. The first failure ends it. */
export async function keepInFlight(
  count: number,
  flight: number,
  work: (index: number) => Promise<void>,
): Promise<Throughput> {
  const latencies: number[] = []
  let next = 0
  const startMs = performance.now()
  const lane = async (): Promise<void> => {
    while (next < count) {
      const sentMs = performance.now()
      await work(next++)
      latencies.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: flight }, lane))
  return {
    perSecond: (count / (performance.now() - startMs)) * 1000,
    p50Ms: median(latencies),
    p99Ms: percentile(latencies, 0.99),
  }
}
