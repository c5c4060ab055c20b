import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { core, discovery } from '../../../src/api/generated/types/index.ts'
import type { Connection } from '../../load/connection.ts'
import { median } from '../../load/keep-in-flight.ts'
import { hasCondition, waitFor } from '../../load/wait-for.ts'
import { smallPod } from '../../load/workloads.ts'
import type { Report } from '../../report.ts'
import { benchImage } from '../../server/containers.ts'

const times = 5
const pods = '/api/v1/namespaces/default/pods'
const services = '/api/v1/namespaces/default/services'
const only = (name: string): string => `${pods}?fieldSelector=metadata.name%3D${name}`
const nodeAddress = '127.0.0.1'

async function run(connection: Connection, pod: core.v1.Pod, condition: string): Promise<core.v1.Pod> {
  const name = pod.metadata?.name ?? ''
  const there = waitFor<core.v1.Pod>(connection, only(name), (seen) => hasCondition(seen, condition))
  await connection.expect({ method: 'POST', path: pods, body: pod })
  return there
}

/** The container's own process: the only one with this argument. */
function processWith(argument: string): number {
  const found = readdirSync('/proc').find((name) => {
    try {
      return (
        /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(argument)
      )
    } catch {
      return false // it has ended meanwhile
    }
  })
  if (found === undefined) throw new Error(`no process has the argument ${argument}`)
  return Number(found)
}

/** From the end of a deleted pod's process until the pod is gone from the API. */
export async function endedDeletion(connection: Connection, report: Report): Promise<void> {
  const took: number[] = []
  for (let index = 0; index < times; index++) {
    const name = `ending-${index}`
    const pod = smallPod('default', name, benchImage)
    const containers = [{ name: 'main', image: benchImage, args: [name] }]
    await run(connection, { ...pod, spec: { terminationGracePeriodSeconds: 30, containers } }, 'Ready')
    const pid = processWith(name)
    const gone = waitFor(connection, only(name), (_, type) => type === 'DELETED').then(() =>
      performance.now(),
    )
    await connection.expect({ method: 'DELETE', path: `${pods}/${name}` })
    while (existsSync(`/proc/${pid}`)) await sleep(1)
    const endedMs = performance.now()
    took.push((await gone) - endedMs)
  }
  report.figure('endedDeletion', median(took), { slowestMs: Math.max(...took) })
}

/** From the answer by which a readiness probe fails until no endpoint of the Service is ready. */
export async function readinessLost(connection: Connection, report: Report): Promise<void> {
  const state = { isReady: true, failedMs: 0 }
  const probed = createServer((_, response) => {
    if (!state.isReady && state.failedMs === 0) state.failedMs = performance.now()
    response.writeHead(state.isReady ? 200 : 503).end()
  })
  await new Promise<void>((resolve) => probed.listen(0, nodeAddress, resolve))
  const { port } = probed.address() as AddressInfo
  const httpGet = { host: nodeAddress, port, path: '/' }
  const readinessProbe = { httpGet, periodSeconds: 1, failureThreshold: 1 }
  const pod = smallPod('default', 'probed', benchImage)
  const containers = [{ name: 'main', image: benchImage, readinessProbe }]
  const service = {
    metadata: { name: 'probed' },
    spec: { selector: pod.metadata?.labels, ports: [{ port: 80 }] },
  }
  const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
  const slice = `${slices}?labelSelector=kubernetes.io%2Fservice-name%3Dprobed`
  const seen = (isReady: boolean): Promise<number> =>
    waitFor<discovery.v1.EndpointSlice>(
      connection,
      slice,
      ({ endpoints }) => endpoints?.[0]?.conditions?.ready === isReady,
    ).then(() => performance.now())
  try {
    await connection.expect({ method: 'POST', path: services, body: service })
    await run(connection, { ...pod, spec: { ...pod.spec, containers } }, 'Ready')
    const took: number[] = []
    for (let index = 0; index < times; index++) {
      await seen(true)
      const lost = seen(false)
      Object.assign(state, { isReady: false, failedMs: 0 })
      const lostMs = await lost
      took.push(lostMs - state.failedMs)
      state.isReady = true
    }
    report.figure('readinessLost', median(took), { slowestMs: Math.max(...took) })
    await connection.expect({ method: 'DELETE', path: `${pods}/probed` })
    await connection.expect({ method: 'DELETE', path: `${services}/probed` })
  } finally {
    probed.close()
  }
}
