import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../../load/connection.ts'
import { type DefinitionName, definition } from '../../load/definitions.ts'
import { keepInFlight } from '../../load/keep-in-flight.ts'
import { type Conditioned, follow, hasCondition } from '../../load/wait-for.ts'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { measure } from '../../server/measure.ts'
import { residentMemory } from '../../server/process-figures.ts'
import { startServer } from '../../server/start-server.ts'

const count = 1_000
const perGroup = 10
const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const settleMs = 3_000

const nameOf = (index: number): DefinitionName => ({
  group: `g${Math.floor(index / perGroup)}.example.com`,
  plural: `things${index}`,
  kind: `Thing${index}`,
})

interface Established extends Conditioned {
  readonly metadata: { readonly name: string }
}

interface Document {
  readonly ms: number
  readonly kilobytes: number
}

async function read(session: Connection, document: string, accept?: string): Promise<Document> {
  const startMs = performance.now()
  const { body } = await session.expect({ path: document, ...(accept === undefined ? {} : { accept }) })
  return { ms: performance.now() - startMs, kilobytes: body.length / 1000 }
}

/** Many definitions at once, as after an installation of several operators. */
export async function definitions(options: BenchOptions, report: Report): Promise<void> {
  const server = await startServer({ probe: true })
  const session = await Connection.open(server.credentials)
  await sleep(settleMs)
  const before = residentMemory(server.pid).withoutStoreMiB
  const established = new Set<string>()
  const { result, processorSeconds, loopP99Ms } = await measure(server, 'definitions', options, async () => {
    const startMs = performance.now()
    const all = follow<Established, true>(session, path, ({ object }) => {
      if (hasCondition(object, 'Established')) established.add(object.metadata.name)
      return established.size >= count ? true : undefined
    })
    await keepInFlight(count, options.flight, async (index) => {
      await session.expect({ method: 'POST', path, body: definition(nameOf(index), false) })
    })
    const createdMs = performance.now() - startMs
    await all.done
    const establishedMs = performance.now() - startMs
    for (;;) {
      const { body } = await session.expect({ path: '/apis', accept: aggregated })
      if (body.toString().split('"Thing').length > count) break
    }
    const { group, plural } = nameOf(count - 1)
    await session.expect({ path: `/apis/${group}/v1/${plural}` })
    return { createdMs, establishedMs, discoveredMs: performance.now() - startMs }
  })
  const { discoveredMs, ...steps } = result
  report.extra('1,000 definitions → all served and in discovery', 'ms', discoveredMs, {
    ...{ ...steps, cpuSeconds: processorSeconds, loopP99Ms },
  })
  await sleep(settleMs)
  const after = residentMemory(server.pid).withoutStoreMiB
  report.extra('the same: memory for them', 'MiB', after - before, { beforeMiB: before })
  const discovery = await read(session, '/apis', aggregated)
  const again = await read(session, '/apis', aggregated)
  report.extra('the same: aggregated discovery', 'ms', discovery.ms, {
    ...{ kilobytes: discovery.kilobytes, againMs: again.ms },
  })
  const index = await read(session, '/openapi/v3')
  const one = await read(session, `/openapi/v3/apis/${nameOf(0).group}/v1`)
  const old = await read(session, '/openapi/v2')
  await session.expect({ method: 'POST', path, body: definition(nameOf(count), false) })
  await sleep(settleMs)
  const changed = await read(session, '/openapi/v2')
  const unchanged = await read(session, '/openapi/v2')
  report.extra('the same: OpenAPI v2', 'ms', old.ms, {
    ...{ afterOneChangeMs: changed.ms, afterNoneMs: unchanged.ms, kilobytes: old.kilobytes },
    ...{ v3IndexMs: index.ms, v3OfOneGroupMs: one.ms, v3OfOneGroupKilobytes: one.kilobytes },
  })
  session.close()
  await server.stop()
}
