import type { Host } from '../../../base/host.ts'
import { sleep } from '../../../base/sleep.ts'
import type { LogOptions, LogReader, LogSink, LogSource } from '../../logs/log-options.ts'
import type { SimulatedRuntime } from './simulated-runtime.ts'
import type { LogLine } from './state.ts'

const followEveryMs = 500

/** Shows what simulated containers wrote. All of it went to standard output. */
export class SimulatedLogs implements LogReader {
  readonly #runtime: SimulatedRuntime
  readonly #host: Host

  constructor(runtime: SimulatedRuntime, host: Host) {
    this.#runtime = runtime
    this.#host = host
  }

  async read(source: LogSource, options: LogOptions, write: LogSink, signal: AbortSignal): Promise<void> {
    if (options.stream === 'stderr') return
    const lines = this.#runtime.lines(source.containerId) ?? []
    const since = options.sinceMs ?? 0
    const fitting = lines.filter(({ timeMs }) => timeMs >= since)
    const tail = options.tailLines
    let shown: readonly LogLine[] = tail === undefined ? fitting : tail === 0 ? [] : fitting.slice(-tail)
    let last = lines.at(-1)
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY
    for (;;) {
      for (const line of shown) {
        const stamp = options.timestamps ? `${new Date(line.timeMs).toISOString()} ` : ''
        const data = new TextEncoder().encode(`${stamp}${line.text}\n`).subarray(0, left)
        left -= data.length
        await write(data)
        if (left <= 0) return
      }
      if (!options.follow || signal.aborted || source.ended()) return
      await sleep(this.#host, followEveryMs, signal)
      const now = this.#runtime.lines(source.containerId) ?? []
      shown = last === undefined ? [...now] : now.slice(now.lastIndexOf(last) + 1)
      last = now.at(-1)
    }
  }
}
