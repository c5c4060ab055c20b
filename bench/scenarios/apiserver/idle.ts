import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { measure } from '../../server/measure.ts'
import { processorSeconds } from '../../server/process-figures.ts'
import { startServer } from '../../server/start-server.ts'
import { memory } from './memory.ts'

const settleMs = 10_000
const watchedMs = 30_000

/** A cluster with a simulated node on which nothing happens. */
export async function idle(options: BenchOptions, report: Report): Promise<void> {
  const server = await startServer({ probe: true })
  await sleep(settleMs)
  const before = processorSeconds(server.pid)
  await sleep(watchedMs)
  const spent = processorSeconds(server.pid) - before
  report.figure('idleProcessor', (spent * 100_000) / watchedMs, { seconds: watchedMs / 1000 })
  await memory(server, report, 'memoryIdle')
  // What runs while nothing happens: outside the figure, because looking costs time itself.
  if (options.profile) await measure(server, 'idle', options, () => sleep(watchedMs))
  await server.stop()
}
