import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions } from '../scenario.ts'
import { processorSeconds } from './process-figures.ts'
import { heaviestFunctions } from './profile-summary.ts'
import type { Server } from './start-server.ts'

export interface Measured<T> {
  readonly result: T
  readonly processorSeconds: number
  /** How late the server's event loop was at p99. */
  readonly loopP99Ms: number
}

const heaviestCount = 15

/** Runs a load and says what the server spent on it. With --profile: also where. */
export async function measure<T>(
  server: Server,
  name: string,
  options: BenchOptions,
  load: () => Promise<T>,
): Promise<Measured<T>> {
  const { probe, pid } = server
  if (probe === undefined) throw new Error('only a server with a probe can be measured')
  const folder = join(import.meta.dirname, '../results/profiles')
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.cpuprofile`)
  if (options.profile) {
    mkdirSync(folder, { recursive: true })
    await probe.startProfile()
  }
  await probe.watchLoop()
  const before = processorSeconds(pid)
  const result = await load()
  const spent = processorSeconds(pid) - before
  const { p99Ms } = await probe.readLoop()
  if (options.profile) {
    await probe.stopProfile(file)
    console.log(`\n  ${name}: ${file}`)
    const { self, withCallees } = heaviestFunctions(file, heaviestCount)
    console.log(
      ['  in the function itself:', ...self, '  with what it calls:', ...withCallees].join('\n    '),
    )
  }
  return { result, processorSeconds: spent, loopP99Ms: p99Ms }
}
