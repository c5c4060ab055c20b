import { performance } from 'node:perf_hooks'
import type { core, discovery } from '../../../src/api/generated/types/index.ts'
import type { Connection } from '../../load/connection.ts'
import { median } from '../../load/keep-in-flight.ts'
import { follow, hasCondition, isRunning } from '../../load/wait-for.ts'
import { headlessService, smallPod } from '../../load/workloads.ts'
import type { Report } from '../../report.ts'
import { benchImage } from '../../server/containers.ts'
import type { Runtime } from '../../server/start-server.ts'
import { resolves } from './cluster-dns.ts'

const pods = 20
const namespace = 'default'

/** When a client saw what; milliseconds on one clock. */
type Moments = Map<string, number>

const isBound = (pod: core.v1.Pod): boolean => pod.spec?.nodeName !== undefined

/** In the order of a pod's life. */
const podMoments: readonly (readonly [string, (pod: core.v1.Pod) => boolean])[] = [
  ['watched', () => true],
  ['bound', isBound],
  ['sandbox', (pod) => hasCondition(pod, 'PodReadyToStartContainers')],
  ['running', isRunning],
  ['ready', (pod) => hasCondition(pod, 'Ready')],
]

const steps: readonly (readonly [title: string, from: string, to: string])[] = [
  ['4 watch: the new pod reaches a client', 'stored', 'watched'],
  ['5 schedule and bind', 'watched', 'bound'],
  ['6 kubelet and sandbox (network)', 'bound', 'sandbox'],
  ['7 container', 'sandbox', 'running'],
  ['8 probe: Ready', 'running', 'ready'],
  ['9 endpoint', 'ready', 'endpoint'],
  ['10 DNS', 'endpoint', 'name'],
  ['all: posted → Running', 'posted', 'running'],
  ['all: posted → endpoint', 'posted', 'endpoint'],
]

/** What upstream v1.36 with two nodes took on the reference host, where it has been measured. */
const upstreamMs: Readonly<Record<string, number>> = { 'all: posted → Running': 463 }

const isReadyEndpoint = (slice: discovery.v1.EndpointSlice, name: string): boolean =>
  slice.metadata?.labels?.['kubernetes.io/service-name'] === name &&
  (slice.endpoints ?? []).some((endpoint) => endpoint.conditions?.ready === true)

async function walkOne(
  connection: Connection,
  name: string,
  dnsServer: string | undefined,
): Promise<Moments> {
  const core = `/api/v1/namespaces/${namespace}`
  const moments: Moments = new Map()
  const mark = (moment: string): void => {
    if (!moments.has(moment)) moments.set(moment, performance.now())
  }
  await connection.expect({
    method: 'POST',
    path: `${core}/services`,
    body: headlessService(namespace, name),
  })
  const seenPod = follow<core.v1.Pod, core.v1.Pod>(connection, `${core}/pods`, ({ object }) => {
    if (object.metadata?.name !== name) return undefined
    for (const [moment, isReached] of podMoments) if (isReached(object)) mark(moment)
    return hasCondition(object, 'Ready') ? object : undefined
  })
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
  const seenSlice = follow<discovery.v1.EndpointSlice, true>(connection, slices, ({ object }) =>
    isReadyEndpoint(object, name) ? true : undefined,
  )
  await new Promise((resolve) => setTimeout(resolve, 20))
  mark('posted')
  await connection.expect({
    method: 'POST',
    path: `${core}/pods`,
    body: smallPod(namespace, name, benchImage),
  })
  mark('stored')
  await seenSlice.done
  mark('endpoint')
  const { status } = await seenPod.done
  if (dnsServer !== undefined && status?.podIP !== undefined) {
    await resolves(dnsServer, `${name}.${namespace}.svc.cluster.local`, status.podIP)
    mark('name')
  }
  await connection.expect({ method: 'DELETE', path: `${core}/pods/${name}` })
  await connection.expect({ method: 'DELETE', path: `${core}/services/${name}` })
  return moments
}

/** The steps between API server, scheduler, node and network, as a client sees them. */
export async function pod(connection: Connection, runtime: Runtime, report: Report): Promise<void> {
  const dnsServer = runtime === 'containerd' ? '10.96.0.10' : undefined
  const all: Moments[] = []
  for (let index = 0; index < pods; index++) all.push(await walkOne(connection, `walk-${index}`, dnsServer))
  for (const [title, from, to] of steps) {
    const tookMs = all.flatMap((moments) => {
      const [start, end] = [moments.get(from), moments.get(to)]
      return start === undefined || end === undefined ? [] : [Math.max(0, end - start)]
    })
    if (tookMs.length === 0) continue
    const upstream = runtime === 'containerd' ? upstreamMs[title] : undefined
    report.extra(title, 'ms', median(tookMs), { maxMs: Math.max(...tookMs) }, upstream)
  }
}
