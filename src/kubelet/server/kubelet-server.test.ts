import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { featureGates } from '../../api/feature-gates.ts'
import { realHost } from '../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { ensurePki, type Pki } from '../../cluster/pki/ensure-pki.ts'
import { kubeletPages } from '../../cluster/z-pages.ts'
import { type NodeBench, nodeBench } from '../testing/node-bench.ts'
import { KubeletServer } from './kubelet-server.ts'

let bench: NodeBench
let server: KubeletServer
let pki: Pki
let directory: string
let port: number

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'timonel-server-'))
  pki = await ensurePki(directory, {
    host: realHost,
    serverNames: [],
    serviceAddress: '10.96.0.1',
    clusterDomain: 'cluster.local',
  })
  bench = await nodeBench()
  await bench.run('web', {
    containers: [{ name: 'main', image: 'web:1', command: ['sh', '-c', 'echo hello; sleep infinity'] }],
  })
  await bench.host.advance(1000)
  const serving = pki.nodeServing('node-1', ['127.0.0.1'])
  server = new KubeletServer({
    api: bench.node.kubelet.api,
    host: realHost,
    metrics: new PrometheusMetrics(),
    address: '127.0.0.1',
    port: 0,
    tls: { key: serving.keyPem, cert: serving.certificatePem, clientCa: pki.ca.certificatePem },
    pages: kubeletPages(realHost, featureGates(new Map()), { port: '10250' }),
    access: { openHealth: true, authorize: async ({ groups }) => groups.includes('system:masters') },
  })
  port = await server.start()
})

afterAll(async () => {
  await server.stop()
  await bench.close()
  await rm(directory, { recursive: true })
})

const credentials = (who: 'admin' | 'node' | 'nobody') => {
  const pair = who === 'admin' ? pki.kubeletClient : pki.nodeClient('node-1')
  return {
    ca: pki.ca.certificatePem,
    ...(who === 'nobody' ? {} : { cert: pair.certificatePem, key: pair.keyPem }),
  }
}

function fetchText(
  path: string,
  who: 'admin' | 'node' | 'nobody' = 'admin',
): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false, ...credentials(who) }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    }).on('error', reject)
  })
}

test('it answers those whom it knows and who may ask', async () => {
  expect(await fetchText('/healthz', 'nobody')).toEqual([200, 'ok'])
  expect((await fetchText('/pods', 'nobody'))[0]).toBe(401)
  expect((await fetchText('/pods', 'node'))[0]).toBe(403)
  const [code, body] = await fetchText('/pods')
  expect(code).toBe(200)
  expect(JSON.parse(body).items[0].status.phase).toBe('Running')
  expect((await fetchText('/metrics'))[0]).toBe(200)
  for (const path of ['/nothing', '/metrics/resource', '/pods/web'])
    expect((await fetchText(path))[0]).toBe(404)
})

test('it believes other authorities, and shows another certificate, from one connection to the next', async () => {
  const other = pki.nodeServing('node-1', ['127.0.0.1'])
  server.replaceTls({ clientCa: other.certificatePem })
  expect((await fetchText('/pods'))[0]).toBe(401)
  server.replaceTls({ cert: other.certificatePem, key: other.keyPem })
  expect((await fetchText('/pods'))[0]).toBe(401)
  server.replaceTls({ clientCa: pki.ca.certificatePem })
  expect((await fetchText('/pods'))[0]).toBe(200)
})

test('it shows what it is and its flags to those who may ask', async () => {
  expect((await fetchText('/statusz', 'node'))[0]).toBe(403)
  const [, status] = await fetchText('/statusz')
  expect(status).toContain('\nkubelet statusz\n')
  expect(status).toContain(
    'Paths: /attach /containerLogs /exec /flagz /healthz /metrics /pods /portForward\n',
  )
  expect((await fetchText('/flagz'))[1]).toMatch(/^\nkubelet flagz\n.*\nport=10250\n$/)
})

test('it shows logs, and says why there are none', async () => {
  expect(await fetchText('/containerLogs/default/web/main')).toEqual([200, 'hello\n'])
  const [code, body] = await fetchText('/containerLogs/default/web/main?previous=true')
  expect(code).toBe(400)
  expect(JSON.parse(body).message).toBe('previous terminated container "main" in pod "web" not found')
  expect((await fetchText('/containerLogs/default/none/main'))[0]).toBe(404)
})

function open(path: string, protocol = 'v5.channel.k8s.io'): Promise<readonly string[]> {
  const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, [protocol], credentials('admin'))
  const messages: string[] = []
  return new Promise((resolve, reject) => {
    socket.on('message', (data: Buffer) => messages.push(`${data[0]}:${data.subarray(1)}`))
    socket.on('open', () => void bench.host.advance(1000))
    socket.on('close', () => resolve(messages))
    socket.on('error', reject)
  })
}

test('it reads a command as long as its client may write one', async () => {
  const [status] = await fetchText(`/exec/default/web/main?command=${'a'.repeat(100_000)}`)
  expect(status).toBe(404)
})

test('it runs commands over a WebSocket and ends with a Status', async () => {
  const query = 'command=sh&command=-c&command=echo+out%3B+exit+3&output=1&error=1'
  const messages = await open(`/exec/default/web/main?${query}`)
  expect(messages[0]).toBe('1:out\n')
  expect(JSON.parse(messages[1]?.slice(2) ?? '')).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  })
})

test('it says only in words what went wrong to clients of the oldest protocol', async () => {
  const run = (script: string) =>
    open(`/exec/default/web/main?command=sh&command=-c&command=${script}&output=1&error=1`, 'channel.k8s.io')
  expect(await run('echo+out')).toEqual(['1:out\n'])
  expect(await run('exit+3')).toEqual(['3:command terminated with non-zero exit code: exit code 3'])
})

test('it begins forwarded ports with their numbers and tells what fails', async () => {
  const messages = await open('/portForward/default/web?port=8080')
  expect(messages).toHaveLength(3)
  expect(messages[2]).toContain('simulated containers do not listen on port 8080')
})
