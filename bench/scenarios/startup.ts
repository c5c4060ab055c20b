import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { core } from '../../src/api/generated/types/index.ts'
import { Connection } from '../load/connection.ts'
import { keepInFlight, median } from '../load/keep-in-flight.ts'
import { configMap } from '../load/objects.ts'
import { hasCondition, isRunning, waitFor } from '../load/wait-for.ts'
import { smallPod } from '../load/workloads.ts'
import type { Report } from '../report.ts'
import { type BenchOptions, type Scenario, wants } from '../scenario.ts'
import { benchImage, prepareContainers, whyNoContainers } from '../server/containers.ts'
import { type Runtime, startServer } from '../server/start-server.ts'
import { envtest } from './envtest.ts'

const runs = 5
const storedObjects = 100_000
const namespace = 'default'

interface Milestones {
  readonly readyMs: number
  readonly nodeReadyMs: number
  readonly podRunningMs: number
}

/** A pod is refused until its namespace has its service account, as with upstream: whoever comes first tries again. */
async function createWhenAllowed(connection: Connection, pod: core.v1.Pod): Promise<void> {
  for (;;) {
    const answer = await connection.send({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      body: pod,
    })
    if (answer.status === 201) return
    if (answer.status !== 403) throw new Error(`create pod: ${answer.status} ${answer.body}`)
    await sleep(5)
  }
}

async function startOnce(runtime: Runtime, folder?: string): Promise<Milestones> {
  const server = await startServer({ runtime, ...(folder === undefined ? {} : { dataDirectory: folder }) })
  const connection = await Connection.open(server.credentials)
  const since = (): number => performance.now() - server.startedMs
  const name = `first-${Date.now()}`
  const path = `/api/v1/namespaces/${namespace}/pods`
  const node = waitFor<core.v1.Node>(connection, '/api/v1/nodes', (each) => hasCondition(each, 'Ready'))
  const pod = waitFor<core.v1.Pod>(
    connection,
    path,
    (each) => each.metadata?.name === name && isRunning(each),
  )
  const created = createWhenAllowed(connection, smallPod(namespace, name, benchImage))
  const nodeReady = node.then(since)
  const podRunning = pod.then(since)
  await created
  const milestones = {
    readyMs: server.readyAfterMs,
    nodeReadyMs: await nodeReady,
    podRunningMs: await podRunning,
  }
  await connection.expect({ method: 'DELETE', path: `${path}/${name}` })
  connection.close()
  await server.stop()
  return milestones
}

const spread = (values: readonly number[]): { minMs: number; maxMs: number } => ({
  minMs: Math.min(...values),
  maxMs: Math.max(...values),
})

async function simulated(report: Report): Promise<void> {
  const seen: Milestones[] = []
  for (let run = 0; run < runs; run++) seen.push(await startOnce('simulated'))
  const each = (key: keyof Milestones): readonly number[] => seen.map((milestones) => milestones[key])
  report.figure('ready', median(each('readyMs')), spread(each('readyMs')))
  report.figure('nodeReadySimulated', median(each('nodeReadyMs')), spread(each('nodeReadyMs')))
  report.figure('podRunningSimulated', median(each('podRunningMs')), spread(each('podRunningMs')))
}

async function containerd(report: Report): Promise<void> {
  const reason = whyNoContainers()
  if (reason !== '') return report.note(`not measured with containers: ${reason}`)
  const folder = await prepareContainers()
  try {
    const seen: Milestones[] = []
    for (let run = 0; run < runs; run++) seen.push(await startOnce('containerd', folder))
    const each = (key: keyof Milestones): readonly number[] => seen.map((milestones) => milestones[key])
    report.extra('process start → /readyz, with containerd', 'ms', median(each('readyMs')))
    report.figure('nodeReadyContainerd', median(each('nodeReadyMs')), spread(each('nodeReadyMs')))
    report.figure('podRunningContainerd', median(each('podRunningMs')), spread(each('podRunningMs')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The store holds 100,000 objects: they are all in the caches before anybody is served. */
async function again(options: BenchOptions, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-bench-'))
  try {
    const first = await startServer({ dataDirectory: folder })
    const connection = await Connection.open(first.credentials)
    const path = `/api/v1/namespaces/${namespace}/configmaps`
    await keepInFlight(storedObjects, options.flight, async (index) => {
      await connection.expect({ method: 'POST', path, body: configMap(namespace, `map-${index}`) })
    })
    connection.close()
    await first.stop()
    const readyMs: number[] = []
    for (let run = 0; run < 3; run++) {
      const server = await startServer({ dataDirectory: folder })
      readyMs.push(server.readyAfterMs)
      await server.stop()
    }
    report.figure('readyAgain', median(readyMs), spread(readyMs))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** From the start of the process to what a user waits for. */
export const startup: Scenario = {
  name: 'startup',
  parts: ['simulated', 'containerd', 'again', 'envtest'],
  async run(options: BenchOptions, report: Report): Promise<void> {
    if (wants(options, 'simulated')) await simulated(report)
    if (wants(options, 'containerd')) await containerd(report)
    if (wants(options, 'again')) await again(options, report)
    if (wants(options, 'envtest')) await envtest(report)
  },
}
