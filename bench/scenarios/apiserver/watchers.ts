import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../../load/connection.ts'
import { median, percentile } from '../../load/keep-in-flight.ts'
import { secret } from '../../load/objects.ts'
import { measure } from '../../server/measure.ts'
import type { ApiLoad } from './part.ts'

const perConnection = 50
const eventCount = 500
const spacingMs = 10
const settleMs = 2000
const deliveredWithinMs = 10_000

const nameKey = Buffer.from('"name":"event-')

/** The number in an event's object name, without parsing the whole line. */
function eventNumber(line: Buffer): number | undefined {
  const at = line.indexOf(nameKey)
  if (at < 0) return undefined
  const from = at + nameKey.length
  return Number(line.toString('latin1', from, line.indexOf(0x22, from)))
}

/** Many watchers of one resource, and a steady stream of new objects. */
export async function watchers(load: ApiLoad): Promise<void> {
  const { server, namespace, options, report, session } = load
  const path = `/api/v1/namespaces/${namespace}/secrets`
  const list = await session(0).ask<{ metadata: { resourceVersion: string } }>({ path: `${path}?limit=1` })
  const connections = await Promise.all(
    Array.from({ length: Math.ceil(options.watchers / perConnection) }, () =>
      Connection.open(server.credentials),
    ),
  )
  const sentMs: number[] = []
  const latencies: number[] = []
  const onLine = (line: Buffer): void => {
    const sent = sentMs[eventNumber(line) ?? -1]
    if (sent !== undefined) latencies.push(performance.now() - sent)
  }
  const query = `?watch=true&resourceVersion=${list.metadata.resourceVersion}`
  for (let index = 0; index < options.watchers; index++)
    connections[Math.floor(index / perConnection)]?.follow(`${path}${query}`, onLine)
  await sleep(settleMs)
  const expected = options.watchers * eventCount
  const { processorSeconds, loopP99Ms } = await measure(server, 'watchers', options, async () => {
    const writes: Promise<unknown>[] = []
    for (let index = 0; index < eventCount; index++) {
      sentMs[index] = performance.now()
      const body = secret(namespace, `event-${index}`)
      writes.push(session(index).expect({ method: 'POST', path, body }))
      await sleep(spacingMs)
    }
    await Promise.all(writes)
    const deadline = performance.now() + deliveredWithinMs
    while (latencies.length < expected && performance.now() < deadline) await sleep(20)
  })
  for (const connection of connections) connection.close()
  report.figure('watchProcessor', processorSeconds, {
    delivered: `${latencies.length} of ${expected}`,
    loopP99Ms,
  })
  report.figure('watchMedian', median(latencies))
  report.figure('watchTail', percentile(latencies, 0.99))
}
