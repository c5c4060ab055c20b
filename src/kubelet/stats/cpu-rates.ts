import type { GroupUsage } from './usage.ts'

interface Known {
  readonly timeMs: number
  readonly cpuNanos: number
  readonly nanoCores: number | undefined
}

/** As far apart as two looks are that a rate follows from: upstream's housekeeping interval. */
const windowMs = 10_000

/** How much of a core groups use: what they used between two looks. */
export class CpuRates {
  #known = new Map<string, Known>()
  #seen = new Map<string, Known>()

  /** Undefined until there have been two looks. */
  of(key: string, { cpuNanos, timeMs, nanoCores }: GroupUsage): number | undefined {
    if (nanoCores !== undefined) return nanoCores
    const before = this.#known.get(key)
    const sinceMs = before === undefined ? 0 : timeMs - before.timeMs
    let now: Known = { timeMs, cpuNanos, nanoCores: undefined }
    if (before !== undefined && cpuNanos >= before.cpuNanos) {
      if (sinceMs < windowMs && before.nanoCores !== undefined) now = before
      else if (sinceMs > 0)
        now = { ...now, nanoCores: Math.round(((cpuNanos - before.cpuNanos) * 1000) / sinceMs) }
      else now = before
    }
    this.#seen.set(key, now)
    return now.nanoCores
  }

  /** Ends a look: what it did not meet is forgotten. */
  settle(): void {
    this.#known = this.#seen
    this.#seen = new Map()
  }
}
