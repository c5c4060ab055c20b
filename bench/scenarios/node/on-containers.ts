import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { core } from '../../../src/api/generated/types/index.ts'
import { dataDirectory } from '../../../src/cluster/data-directory.ts'
import { nodePaths } from '../../../src/cluster/real-nodes/node-paths.ts'
import { CriRuntime } from '../../../src/kubelet/runtime/cri/cri-runtime.ts'
import type { Connection } from '../../load/connection.ts'
import { keepInFlight, median, percentile } from '../../load/keep-in-flight.ts'
import { makeNamespace } from '../../load/make-namespace.ts'
import { follow, isRunning, waitFor } from '../../load/wait-for.ts'
import { smallPod } from '../../load/workloads.ts'
import type { Report } from '../../report.ts'
import { benchImage } from '../../server/containers.ts'
import { processesBelow, processorSeconds, residentMemory } from '../../server/process-figures.ts'
import type { Server } from '../../server/start-server.ts'
import { endedDeletion, readinessLost } from './promptness.ts'
import { runtimeMs } from './runtime-alone.ts'

const single = 15
const many = 50
const full = 110
const idleSeconds = 20
const runtimeWithinMs = 60_000

interface Ground {
  readonly server: Server
  readonly connection: Connection
  readonly report: Report
}

const podsOf = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`

/** Resolves with how many milliseconds after `startMs` a pod was as it should be. */
const seen = (
  connection: Connection,
  path: string,
  startMs: number,
  isIt: (pod: core.v1.Pod, type: string) => boolean,
): Promise<number> => waitFor<core.v1.Pod>(connection, path, isIt).then(() => performance.now() - startMs)

/** One pod after another: from its creation until it is seen Running, and from its deletion until it is gone. */
async function onePod(
  { connection, report }: Ground,
  runtime: CriRuntime,
  alone: readonly number[],
): Promise<void> {
  const started: number[] = []
  const gone: number[] = []
  for (let index = 0; index < single; index++) {
    const name = `single-${index}`
    const path = `${podsOf('default')}?fieldSelector=metadata.name%3D${name}`
    const startMs = performance.now()
    const running = seen(connection, path, startMs, isRunning)
    await connection.expect({
      method: 'POST',
      path: podsOf('default'),
      body: smallPod('default', name, benchImage),
    })
    started.push(await running)
    const deletedMs = performance.now()
    const deletion = seen(connection, path, deletedMs, (_, type) => type === 'DELETED')
    await connection.expect({ method: 'DELETE', path: `${podsOf('default')}/${name}` })
    gone.push(await deletion)
    // The next one has the machine for itself, as those of the runtime alone had.
    while ((await runtime.listPodSandbox({})).length > 0) await sleep(20)
  }
  const aloneMs = median(alone)
  report.figure('podStart', median(started), { p95Ms: percentile(started, 0.95), runtimeAloneMs: aloneMs })
  report.figure('podStartOverRuntime', median(started) - aloneMs)
  report.extra('pod deleted without grace → gone, its process killed', 'ms', median(gone), {
    p95Ms: percentile(gone, 0.95),
  })
}

/** Resolves when that many pods of a namespace run at once. */
function allRunning(connection: Connection, namespace: string, count: number): Promise<true> {
  const running = new Set<string>()
  return follow<core.v1.Pod, true>(connection, podsOf(namespace), ({ object }) => {
    if (isRunning(object)) running.add(object.metadata?.name ?? '')
    return running.size === count ? true : undefined
  }).done
}

async function fill({ connection }: Ground, namespace: string, count: number): Promise<void> {
  await makeNamespace(connection, namespace)
  const filled = keepInFlight(count, count, async (index) => {
    const body = smallPod(namespace, `pod-${index}`, benchImage)
    await connection.expect({ method: 'POST', path: podsOf(namespace), body })
  })
  await Promise.all([allRunning(connection, namespace, count), filled])
}

async function empty({ connection }: Ground, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces?fieldSelector=metadata.name%3D${namespace}`
  const gone = waitFor<core.v1.Namespace>(connection, path, (_, type) => type === 'DELETED')
  await connection.expect({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` })
  await gone
}

async function fiftyPods(ground: Ground, alone: number): Promise<void> {
  const startMs = performance.now()
  await fill(ground, 'fifty', many)
  const tookMs = performance.now() - startMs
  ground.report.figure('fiftyPods', tookMs, {
    runtimeAloneMs: alone,
    overRuntimePercent: (tookMs / alone - 1) * 100,
  })
  const deletedMs = performance.now()
  await empty(ground, 'fifty')
  ground.report.figure('fiftyPodsDeleted', performance.now() - deletedMs)
}

/** A container is killed behind the agent's back. */
async function restart({ connection, report }: Ground, runtime: CriRuntime): Promise<void> {
  const body = smallPod('default', 'killed', benchImage)
  const running = waitFor<core.v1.Pod>(
    connection,
    `${podsOf('default')}?fieldSelector=metadata.name%3Dkilled`,
    isRunning,
  )
  await connection.expect({ method: 'POST', path: podsOf('default'), body })
  const { status } = await running
  const id = status?.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, '') ?? ''
  const startMs = performance.now()
  const again = seen(
    connection,
    `${podsOf('default')}?fieldSelector=metadata.name%3Dkilled`,
    startMs,
    (pod) => {
      const [container] = pod.status?.containerStatuses ?? []
      return container?.restartCount === 1 && container.state?.running !== undefined
    },
  )
  await runtime.stopContainer(id, 0)
  report.figure('containerRestart', await again)
  await connection.expect({ method: 'DELETE', path: `${podsOf('default')}/killed` })
}

/** As many pods as a node takes, and nothing to do. */
async function idle(ground: Ground): Promise<void> {
  const [agent] = processesBelow(ground.server.pid).filter(({ command }) => command.includes('run-node'))
  if (agent === undefined) return ground.report.note('the agent’s process was not found')
  await fill(ground, 'full', full)
  await sleep(5_000)
  const before = processorSeconds(agent.pid)
  await sleep(idleSeconds * 1000)
  const percent = ((processorSeconds(agent.pid) - before) / idleSeconds) * 100
  ground.report.figure('fullNodeMemory', residentMemory(agent.pid).residentMiB)
  ground.report.figure('fullNodeProcessor', percent)
  await empty(ground, 'full')
}

/** The node's runtime starts after the API server. */
async function answers(runtime: CriRuntime): Promise<void> {
  const untilMs = performance.now() + runtimeWithinMs
  for (;;) {
    try {
      await runtime.version()
      return
    } catch (error) {
      if (performance.now() > untilMs) throw error
      await sleep(100)
    }
  }
}

/** What the node agent adds to what containerd and runc take, on the node of a cluster as users start it. */
export async function onContainers(ground: Ground, wanted: (part: string) => boolean): Promise<void> {
  const { socket } = nodePaths(dataDirectory(ground.server.folder).node('node-1'))
  const runtime = new CriRuntime(socket)
  try {
    await answers(runtime)
    if (wanted('one')) await onePod(ground, runtime, await runtimeMs(runtime, single, 1))
    if (wanted('fifty')) await fiftyPods(ground, Math.max(...(await runtimeMs(runtime, many, many))))
    if (wanted('restart')) await restart(ground, runtime)
    if (wanted('endpoints')) await readinessLost(ground.connection, ground.report)
    if (wanted('ended')) await endedDeletion(ground.connection, ground.report)
    if (wanted('idle')) await idle(ground)
  } finally {
    runtime.close()
  }
}
