import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { measure } from '../../server/measure.ts'
import { processorSeconds } from '../../server/process-figures.ts'
import { type Server, startServer } from '../../server/start-server.ts'
import { memory } from './memory.ts'
import type { ApiLoad } from './part.ts'

const settleMs = 10_000
const watchedMs = 30_000

async function idlePercent(server: Server): Promise<number> {
  await sleep(settleMs)
  const before = processorSeconds(server.pid)
  await sleep(watchedMs)
  return ((processorSeconds(server.pid) - before) * 100_000) / watchedMs
}

/** After a load: with all that is stored, and pods that fit no node. */
export async function idleLoaded({ server, options, report }: ApiLoad): Promise<void> {
  report.extra('idle processor use with all that, of one core', '%', await idlePercent(server))
  if (options.profile) await measure(server, 'idle, loaded', options, () => sleep(watchedMs))
}

/** A cluster with a simulated node on which nothing happens. */
export async function idle(options: BenchOptions, report: Report): Promise<void> {
  const server = await startServer({ probe: true })
  report.figure('idleProcessor', await idlePercent(server), { seconds: watchedMs / 1000 })
  await memory(server, report, 'memoryIdle')
  // What runs while nothing happens: outside the figure, because looking costs time itself.
  if (options.profile) await measure(server, 'idle', options, () => sleep(watchedMs))
  await server.stop()
}
