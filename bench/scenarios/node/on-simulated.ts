import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { core } from '../../../src/api/generated/types/index.ts'
import { Connection } from '../../load/connection.ts'
import { keepInFlight, median, percentile } from '../../load/keep-in-flight.ts'
import { makeNamespace } from '../../load/make-namespace.ts'
import { follow, hasCondition, isRunning } from '../../load/wait-for.ts'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { processorSeconds, residentMemory } from '../../server/process-figures.ts'
import { startServer } from '../../server/start-server.ts'

const podsPerNode = 30
const podsPerNamespace = 3_000
const gets = 300
const lists = 20
const startsPerSecond = 50
const startSeconds = 10
/** Addresses for 8,192 nodes with 62 pods each. */
const wideNetwork = ['--pod-cidr', '10.128.0.0/13', '--node-cidr-mask-size', '26']
const withinMs = 1_800_000
/** How often a watch is begun anew. */
const maxClosed = 20

const podOf = (namespace: string, name: string, nodeName?: string): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: {
    ...(nodeName === undefined ? {} : { nodeName }),
    containers: ['main', 'side'].map((each) => ({ name: each, image: 'registry.test/work:1' })),
  },
})

/** Resolves when that many of a collection are as they should be. A watch that fell behind and was closed goes on anew. */
async function counted<T extends { readonly metadata?: { readonly uid?: string } }>(
  connection: Connection,
  path: string,
  count: number,
  isIt: (object: T) => boolean,
): Promise<void> {
  const found = new Set<string>()
  const look = ({ object }: { readonly object: T }): true | undefined => {
    if (isIt(object)) found.add(object.metadata?.uid ?? '')
    return found.size >= count ? true : undefined
  }
  for (let closed = 0; ; closed++) {
    try {
      await follow<T, true>(connection, path, look, withinMs).done
      return
    } catch (error) {
      if (closed === maxClosed) throw error
    }
  }
}

/** Requests one after another; their times in milliseconds. */
async function times(connection: Connection, paths: readonly string[]): Promise<readonly number[]> {
  const took: number[] = []
  for (const path of paths) {
    const startMs = performance.now()
    await connection.expect({ path })
    took.push(performance.now() - startMs)
  }
  return took
}

/** Pods at a steady rate, scheduled: from creation until each is seen Running. */
async function steadyStarts(connection: Connection): Promise<readonly number[]> {
  const count = startsPerSecond * startSeconds
  const posted = new Map<string, number>()
  const took: number[] = []
  const path = '/api/v1/namespaces/steady/pods'
  await makeNamespace(connection, 'steady')
  const done = follow<core.v1.Pod, true>(
    connection,
    path,
    ({ object }) => {
      const name = object.metadata?.name ?? ''
      const postedMs = posted.get(name)
      if (postedMs === undefined || !isRunning(object)) return undefined
      posted.delete(name)
      took.push(performance.now() - postedMs)
      return took.length === count ? true : undefined
    },
    withinMs,
  ).done
  const startMs = performance.now()
  const sent: Promise<unknown>[] = []
  for (let index = 0; index < count; index++) {
    await sleep(Math.max(0, startMs + (index * 1000) / startsPerSecond - performance.now()))
    const name = `steady-${index}`
    posted.set(name, performance.now())
    sent.push(connection.expect({ method: 'POST', path, body: podOf('steady', name) }))
  }
  await Promise.all([...sent, done])
  return took
}

/** Nodes that heartbeat and pods that run, as many as `--objects` says, 30 a node, in one process. */
export async function onSimulated(options: BenchOptions, report: Report): Promise<void> {
  const nodes = Math.max(1, Math.round(options.objects / podsPerNode))
  const pods = nodes * podsPerNode
  const namespaces = Math.ceil(pods / podsPerNamespace)
  const server = await startServer({ nodes, flags: wideNetwork })
  const connection = await Connection.open(server.credentials)
  try {
    report.note(`${nodes} simulated nodes, ${pods} pods, ${2 * pods} containers`)
    await counted<core.v1.Node>(connection, '/api/v1/nodes', nodes, (node) => hasCondition(node, 'Ready'))
    const pathOf = (index: number): string => `/api/v1/namespaces/many-${index % namespaces}/pods`
    for (let index = 0; index < namespaces; index++) await makeNamespace(connection, `many-${index}`)
    const filledMs = performance.now()
    const running = counted(connection, '/api/v1/pods', pods, isRunning)
    const filled = keepInFlight(pods, options.flight, async (index) => {
      const body = podOf(`many-${index % namespaces}`, `pod-${index}`, `node-${(index % nodes) + 1}`)
      await connection.expect({ method: 'POST', path: pathOf(index), body })
    })
    await Promise.all([running, filled])
    const tookMs = performance.now() - filledMs
    const before = processorSeconds(server.pid)
    await sleep(10_000)
    const percent = (processorSeconds(server.pid) - before) * 10
    const got = await times(
      connection,
      Array.from({ length: gets }, (_, index) => `${pathOf(index)}/pod-${index}`),
    )
    const listed = await times(
      connection,
      Array.from({ length: lists }, (_, index) => pathOf(index)),
    )
    const started = await steadyStarts(connection)
    report.figure('manyGet', percentile(got, 0.99), { p50Ms: median(got) })
    report.figure('manyList', percentile(listed, 0.99), { p50Ms: median(listed), podsEach: podsPerNamespace })
    report.figure('manyStart', percentile(started, 0.99), { p50Ms: median(started) })
    report.figure('manyMemory', residentMemory(server.pid).withoutStoreMiB, {
      processorPercentIdle: percent,
      podsPerSecondFilled: (pods * 1000) / tookMs,
    })
  } finally {
    connection.close()
    await server.stop()
  }
}
