import { performance } from 'node:perf_hooks'
import type { apps, batch, core } from '../../src/api/generated/types/index.ts'
import { Connection } from '../load/connection.ts'
import { keepInFlight } from '../load/keep-in-flight.ts'
import { follow, hasCondition, waitFor, waitForNoPods } from '../load/wait-for.ts'
import { deployment, job } from '../load/workloads.ts'
import type { Details, Report } from '../report.ts'
import { type BenchOptions, type Scenario, wants } from '../scenario.ts'
import { measure } from '../server/measure.ts'
import { residentMemory } from '../server/process-figures.ts'
import { type Server, startServer } from '../server/start-server.ts'

const namespace = 'default'
/** Addresses for 1,024 nodes with 126 pods each. */
const wideNetwork = ['--pod-cidr', '10.240.0.0/15', '--node-cidr-mask-size', '25']
const podsPerNode = 10
const podsPerJob = 10
const image = 'registry.test/work:1'
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`
const replicaSets = `/apis/apps/v1/namespaces/${namespace}/replicasets`
const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`
/** Ten thousand pods, however slowly. */
const withinMs = 600_000

interface Ground {
  readonly server: Server
  readonly connection: Connection
  readonly options: BenchOptions
}

interface Work<T> {
  readonly result: T
  readonly tookMs: number
  readonly details: Details
}

/** The store's revision: it grows by one with each write. */
async function revisionOf(connection: Connection): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/configmaps?limit=1`
  const { metadata } = await connection.ask<core.v1.ConfigMapList>({ path })
  return Number(metadata?.resourceVersion ?? 0)
}

/** Does something, and tells what it cost besides its time. */
async function cost<T>(
  { server, connection, options }: Ground,
  name: string,
  pods: number,
  work: () => Promise<T>,
): Promise<Work<T>> {
  const before = await revisionOf(connection)
  const startMs = performance.now()
  const measured = await measure(server, name, options, async () => {
    const result = await work()
    return { result, tookMs: performance.now() - startMs }
  })
  const writes = (await revisionOf(connection)) - before
  const { tookMs, result } = measured.result
  const details = {
    tookMs,
    writes,
    writesPerPod: writes / pods,
    processorMsPerPod: (measured.processorSeconds * 1_000) / pods,
    memoryMiB: residentMemory(server.pid).withoutStoreMiB,
    loopP99Ms: measured.loopP99Ms,
  }
  return { result, tookMs, details }
}

const rate = (pods: number, tookMs: number): number => (pods * 1_000) / tookMs

const isSettled = ({ metadata, spec, status }: apps.v1.Deployment): boolean =>
  status?.observedGeneration === metadata?.generation &&
  [status?.replicas, status?.updatedReplicas, status?.readyReplicas].every(
    (count = 0) => count === spec?.replicas,
  )

/** Resolves when all replicas of the newest template, and no others, are Ready. */
const settled = (connection: Connection, name: string): Promise<unknown> =>
  follow<apps.v1.Deployment, true>(
    connection,
    `${deployments}?fieldSelector=metadata.name%3D${name}`,
    ({ object }) => (isSettled(object) ? true : undefined),
    withinMs,
  ).done

/** From zero replicas, so that nothing but the pods is measured. */
async function scaleUp(ground: Ground, name: string, pods: number, report: Report): Promise<void> {
  const { connection } = ground
  await connection.expect({ method: 'POST', path: deployments, body: deployment(namespace, name, 0, image) })
  await settled(connection, name)
  const { tookMs, result, details } = await cost(ground, 'scale-up', pods, async () => {
    const startMs = performance.now()
    const created = follow<apps.v1.ReplicaSet, number>(
      connection,
      replicaSets,
      ({ object }) => (object.status?.replicas === pods ? performance.now() - startMs : undefined),
      withinMs,
    ).done
    await scale(connection, name, pods)
    await settled(connection, name)
    return created
  })
  report.figure('controllersRunning', rate(pods, tookMs), {
    createdPerSecond: rate(pods, result),
    ...details,
  })
}

const scale = (connection: Connection, name: string, replicas: number): Promise<unknown> =>
  connection.expect({
    method: 'PATCH',
    path: `${deployments}/${name}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { replicas } },
  })

async function rollOut(ground: Ground, name: string, pods: number, report: Report): Promise<void> {
  const { connection } = ground
  const { tookMs, details } = await cost(ground, 'rollout', pods, async () => {
    await connection.expect({
      method: 'PATCH',
      path: `${deployments}/${name}`,
      contentType: 'application/merge-patch+json',
      body: { spec: { template: { metadata: { annotations: { version: '2' } } } } },
    })
    await settled(connection, name)
  })
  report.extra('rolling update of it: pods replaced', '/s', rate(pods, tookMs), details)
}

async function cascade(ground: Ground, name: string, pods: number, report: Report): Promise<void> {
  const { connection } = ground
  const { tookMs, details } = await cost(ground, 'cascade', pods, async () => {
    const body = { propagationPolicy: 'Foreground' }
    await connection.expect({ method: 'DELETE', path: `${deployments}/${name}`, body })
    await waitForNoPods(connection, namespace, `app=${name}`)
  })
  report.extra('cascade delete of it: pods gone', '/s', rate(pods, tookMs), details)
}

/** Jobs at once, each of pods that end as soon as they run. */
async function runJobs(ground: Ground, pods: number, report: Report): Promise<void> {
  const { connection, options } = ground
  const count = Math.round(pods / podsPerJob)
  const { tookMs, details } = await cost(ground, 'jobs', pods, async () => {
    const complete = new Set<string>()
    const { done } = follow<batch.v1.Job, true>(
      connection,
      jobs,
      ({ object }) => {
        if (hasCondition(object, 'Complete')) complete.add(object.metadata?.name ?? '')
        return complete.size === count ? true : undefined
      },
      withinMs,
    )
    await keepInFlight(count, options.flight, async (index) => {
      const body = job(namespace, `work-${index}`, podsPerJob, image)
      await connection.expect({ method: 'POST', path: jobs, body })
    })
    await done
  })
  report.extra(`${count} Jobs of ${podsPerJob}: pods ended and counted`, '/s', rate(pods, tookMs), details)
}

/** The Deployment is there for its rollout and its cascade, too. */
const scenarioParts = ['deployment', 'rollout', 'cascade', 'jobs']

/** What the controllers, the scheduler and simulated nodes do together, on the default store. */
export const controllers: Scenario = {
  name: 'controllers',
  parts: scenarioParts,
  async run(options: BenchOptions, report: Report): Promise<void> {
    const pods = options.objects
    const nodes = Math.max(1, Math.round(pods / podsPerNode))
    const server = await startServer({ nodes, probe: true, flags: wideNetwork })
    const connection = await Connection.open(server.credentials)
    const ground = { server, connection, options }
    try {
      await waitFor<core.v1.Node>(
        connection,
        `/api/v1/nodes?fieldSelector=metadata.name%3Dnode-${nodes}`,
        (node) => hasCondition(node, 'Ready'),
      )
      report.note(`${pods} pods on ${nodes} simulated nodes`)
      if (scenarioParts.some((part) => part !== 'jobs' && wants(options, part)))
        await scaleUp(ground, 'many', pods, report)
      if (wants(options, 'rollout')) await rollOut(ground, 'many', pods, report)
      if (wants(options, 'cascade')) await cascade(ground, 'many', pods, report)
      if (wants(options, 'jobs')) await runJobs(ground, pods, report)
    } finally {
      connection.close()
      await server.stop()
    }
  },
}
