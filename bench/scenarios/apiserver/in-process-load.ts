// A cluster and its load in one process; prints what it took as JSON. Run by in-process.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { Cluster, ConfigMap, Namespace } from 'timonel'
import { keepInFlight, type Throughput } from '../../load/keep-in-flight.ts'
import { configMap, namespaceNamed } from '../../load/objects.ts'

export interface InProcessFigures {
  readonly creates: Throughput
  readonly gets: Throughput
  readonly updates: Throughput
  readonly listMs: number
  readonly loopP99Ms: number
}

const namespace = 'bench'

async function run(cluster: Cluster, count: number, flight: number): Promise<InProcessFigures> {
  await cluster.client.resource(Namespace).create(namespaceNamed(namespace))
  const maps = cluster.client.resource(ConfigMap)
  const resolution = 2
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  const creates = await keepInFlight(count, flight, async (index) => {
    await maps.create(configMap(namespace, `map-${index}`))
  })
  const loopP99Ms = delay.percentile(99) / 1e6 - resolution
  delay.disable()
  const gets = await keepInFlight(count, flight, async (index) => {
    await maps.get(namespace, `map-${index}`)
  })
  const updates = await keepInFlight(count, flight, async (index) => {
    await maps.update(configMap(namespace, `map-${index}`, { more: 'value' }))
  })
  const startMs = performance.now()
  const { items } = await maps.list({ namespace })
  if (items.length < count) throw new Error(`${items.length} of ${count} ConfigMaps are listed`)
  return { creates, gets, updates, listMs: performance.now() - startMs, loopP99Ms }
}

const [count = 10_000, flight = 100] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'timonel-bench-'))
const cluster = await Cluster.start({ storage: 'lmdb', dataDirectory: folder })
try {
  console.log(JSON.stringify(await run(cluster, count, flight)))
} finally {
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
