import { Connection } from '../../load/connection.ts'
import { keepInFlight } from '../../load/keep-in-flight.ts'
import { configMap, namespaceNamed } from '../../load/objects.ts'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { residentMemory } from '../../server/process-figures.ts'
import { startServer } from '../../server/start-server.ts'

const sizes = [1000, 10_000, 100_000] as const
const sample = 3000
const namespace = 'growth'
const path = `/api/v1/namespaces/${namespace}/configmaps`

/** How the cost of a request grows with what is stored. */
export async function growth(options: BenchOptions, report: Report): Promise<void> {
  const server = await startServer()
  const session = await Connection.open(server.credentials)
  await session.expect({ method: 'POST', path: '/api/v1/namespaces', body: namespaceNamed(namespace) })
  let stored = 0
  const create = async (count: number): Promise<number> => {
    const first = stored
    stored += count
    const { perSecond } = await keepInFlight(count, options.flight, async (index) => {
      const body = configMap(namespace, `map-${first + index}`)
      await session.expect({ method: 'POST', path, body })
    })
    return perSecond
  }
  for (const size of sizes) {
    await create(size - stored)
    /** Spread over everything there is. */
    const name = (index: number): string => `map-${(index * 7919) % size}`
    const gets = await keepInFlight(sample, options.flight, async (index) => {
      await session.expect({ path: `${path}/${name(index)}` })
    })
    const updates = await keepInFlight(sample, options.flight, async (index) => {
      const body = configMap(namespace, name(index), { round: String(index) })
      await session.expect({ method: 'PUT', path: `${path}/${name(index)}`, body })
    })
    const creates = await create(sample)
    report.extra(`with ${size.toLocaleString('en')} stored: creates`, '/s', creates, {
      getsPerSecond: gets.perSecond,
      updatesPerSecond: updates.perSecond,
      memoryMiB: residentMemory(server.pid).withoutStoreMiB,
    })
  }
  session.close()
  await server.stop()
}
