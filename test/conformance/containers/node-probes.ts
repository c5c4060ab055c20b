import { expect } from 'vitest'
import { type ContainerGround, mainStatus } from '../support/container-ground.ts'
import { forever, hostFiles, nodeProgram, scriptPod, webServer } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

/** How long nothing may happen: several periods of each probe. */
const watchedMs = 8_000

interface Probed {
  readonly script?: string
  readonly containers?: readonly object[]
  readonly probes: object
}

const podOf = ({ script = forever, containers, probes }: Probed) =>
  scriptPod('probed', script, {
    container: probes,
    spec: {
      restartPolicy: 'Always',
      ...(containers === undefined ? {} : { containers, volumes: [hostFiles] }),
    },
  })

const restarts =
  (of: Probed, times = 1): Behave<ContainerGround> =>
  async (ground) => {
    const name = await ground.start(podOf(of))
    const counts: number[] = []
    await ground.podWhen(name, (pod) => {
      const { restartCount } = mainStatus(pod)
      counts.push(restartCount)
      expect(restartCount).toBeGreaterThanOrEqual(times)
    })
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  }

const keepsRunning =
  (of: Probed): Behave<ContainerGround> =>
  async (ground) => {
    const name = await ground.start(podOf(of))
    const { containerID } = mainStatus(await ground.ready(name))
    await ground.throughout(watchedMs, async () =>
      expect(mainStatus(await ground.pod(name))).toMatchObject({ restartCount: 0, ready: true, containerID }),
    )
  }

/** Liveness counts from when the container has once been well, however slow the machine is. */
const liveness = (failureThreshold: number, probe: object) => ({
  livenessProbe: { periodSeconds: 1, timeoutSeconds: 5, failureThreshold, ...probe },
  startupProbe: { periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 60, ...probe },
})
const failing = (probe: object) => liveness(1, probe)
const steady = (probe: object) => liveness(3, probe)

const health = { exec: { command: ['cat', '/tmp/health'] } }
const http = { httpGet: { path: '/healthz', port: 8080 } }

/** Well for some seconds after its start. */
const ailing = webServer('true', 'echo ok > /www/healthz; (sleep 4; rm /www/healthz) &')
const healthy = webServer('true', 'echo ok > /www/healthz')

/** grpc.health.v1.Health, which tells that it is serving for as long as is said. */
const grpcServer = (servingMs: number): string => `
  const began = Date.now()
  const head = { ':status': 200, 'content-type': 'application/grpc' }
  require('node:http2').createServer().on('stream', (stream) => {
    stream.respond(head, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, Date.now() - began < ${servingMs} ? 1 : 2]))
  }).listen(5000)`

const grpc = (servingMs: number, probes: object): Probed => ({
  containers: [nodeProgram('main', grpcServer(servingMs), probes)],
  probes,
})
const grpcProbe = { grpc: { port: 5000 } }

const readyAfterDelay: Behave<ContainerGround> = async (ground) => {
  const readinessProbe = { ...http, initialDelaySeconds: 5, periodSeconds: 1 }
  const name = await ground.start(podOf({ script: healthy, probes: { readinessProbe } }))
  await ground.podWhen(name, (pod) => expect(mainStatus(pod)).toMatchObject({ ready: false, started: true }))
  const pod = await ground.ready(name)
  const [ready] = (pod.status.conditions ?? []).filter(({ type }) => type === 'Ready')
  const changed = JSON.parse(JSON.stringify(ready)).lastTransitionTime
  const started = mainStatus(pod).state.running?.startedAt ?? ''
  expect(Date.parse(changed) - Date.parse(started)).toBeGreaterThanOrEqual(5_000)
  expect(mainStatus(pod).restartCount).toBe(0)
}

const neverReady: Behave<ContainerGround> = async (ground) => {
  const readinessProbe = { exec: { command: ['false'] }, periodSeconds: 1 }
  const name = await ground.start(podOf({ probes: { readinessProbe } }))
  await ground.podWhen(name, (pod) => expect(mainStatus(pod)).toMatchObject({ started: true }))
  await ground.throughout(watchedMs, async () =>
    expect(mainStatus(await ground.pod(name))).toMatchObject({ restartCount: 0, ready: false }),
  )
}

const probing = (what: string) => `[sig-node] Probing container ${what} [NodeConformance]`

/** Liveness and readiness. */
export const nodeProbes: Table<ContainerGround> = {
  // Twice, thrice: each restart waits twice as long as the one before.
  [probing('should have monotonically increasing restart count')]: restarts(
    { script: ailing, probes: failing(http) },
    3,
  ),
  [probing('should be restarted with a /healthz http liveness probe')]: restarts({
    script: ailing,
    probes: failing(http),
  }),
  [probing('should be restarted with a exec "cat /tmp/health" liveness probe')]: restarts({
    script: `echo ok > /tmp/health; sleep 4; rm /tmp/health; ${forever}`,
    probes: failing(health),
  }),
  [probing('should be restarted with a GRPC liveness probe')]: restarts(grpc(6_000, failing(grpcProbe))),
  [probing('should *not* be restarted with a /healthz http liveness probe')]: keepsRunning({
    script: healthy,
    probes: steady(http),
  }),
  [probing('should *not* be restarted with a exec "cat /tmp/health" liveness probe')]: keepsRunning({
    script: `echo ok > /tmp/health; ${forever}`,
    probes: steady(health),
  }),
  [probing('should *not* be restarted with a tcp:8080 liveness probe')]: keepsRunning({
    script: healthy,
    probes: steady({ tcpSocket: { port: 8080 } }),
  }),
  [probing('should *not* be restarted with a GRPC liveness probe')]: keepsRunning(
    grpc(1e9, steady(grpcProbe)),
  ),
  [probing('with readiness probe should not be ready before initial delay and never restart')]:
    readyAfterDelay,
  [probing('with readiness probe that fails should never be ready and never restart')]: neverReady,
}
