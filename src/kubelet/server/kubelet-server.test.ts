import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { featureGates } from '../../api/feature-gates.ts'
import { realHost } from '../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { ensurePki, type Pki } from '../../cluster/pki/ensure-pki.ts'
import { kubeletPages } from '../../cluster/z-pages.ts'
import { KubeletApi } from '../kubelet-api.ts'
import { SpdyConnection } from '../runtime/cri/spdy-connection.ts'
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
    containers: [
      {
        name: 'main',
        image: 'web:1',
        command: ['sh', '-c', 'echo hello; sleep infinity'],
        readinessProbe: { tcpSocket: { port: 80 } },
      },
    ],
  })
  await bench.host.advance(1000)
  const logs = join(directory, 'log')
  await mkdir(logs)
  await writeFile(join(logs, 'app.log'), 'started\n')
  await symlink(directory, join(logs, 'escape'))
  const serving = pki.nodeServing('node-1', ['127.0.0.1'])
  server = new KubeletServer({
    api: bench.node.kubelet.api,
    host: realHost,
    metrics: new PrometheusMetrics(),
    address: '127.0.0.1',
    port: 0,
    tls: { key: serving.keyPem, cert: serving.certificatePem, clientCa: pki.ca.certificatePem },
    nodeLogs: {
      directory: logs,
      queries: true,
      run: async (_program, args) =>
        args[0] === '--field'
          ? 'unit.service\n'
          : `of the journal: ${args.filter((each) => each.startsWith('--unit')).join()}`,
    },
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
  method = 'GET',
): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path, method, agent: false, ...credentials(who) },
      (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk
        })
        response.on('end', () => resolve([response.statusCode ?? 0, text]))
      },
    )
    call.on('error', reject).end()
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
  for (const path of ['/nothing', '/metrics/nothing', '/pods/web', '/healthz/nothing'])
    expect((await fetchText(path))[0]).toBe(404)
})

test('it shows what the node and its pods use', async () => {
  const [, text] = await fetchText('/stats/summary')
  const { node, pods } = JSON.parse(text)
  expect(node).toMatchObject({ nodeName: 'node-1', cpu: { usageNanoCores: 1e6 }, fs: {}, runtime: {} })
  const podRef = { name: 'web', namespace: 'default' }
  const containers = [{ name: 'main', memory: { workingSetBytes: 1_048_576 }, rootfs: { usedBytes: 0 } }]
  expect(pods).toMatchObject([{ podRef, containers, memory: { workingSetBytes: 1_048_576 } }])
  const [, small] = await fetchText('/stats/summary?only_cpu_and_memory=true')
  expect(Object.keys(JSON.parse(small).pods[0].containers[0])).toEqual(['name', 'startTime', 'cpu', 'memory'])
})

test('it shows metrics of resources, of containers, of probes and of its health', async () => {
  const [, resources] = await fetchText('/metrics/resource')
  const labels = 'container="main",namespace="default",pod="web"'
  expect(resources).toMatch(
    new RegExp(`^container_memory_working_set_bytes{${labels}} 1\\.048576e\\+06 \\d+$`, 'm'),
  )
  expect(resources).toMatch(/^node_cpu_usage_seconds_total [0-9.]+ \d+$/m)
  expect(resources).toMatch(/^resource_scrape_error 0$/m)
  const [, cadvisor] = await fetchText('/metrics/cadvisor')
  expect(cadvisor).toMatch(
    /^container_cpu_usage_seconds_total{container="main",id="\/kubepods\/pod[^"]+",image="web:1",name="[^"]+",namespace="default",pod="web",cpu="total"} [0-9.]+ \d+$/m,
  )
  expect(cadvisor).toMatch(/^machine_cpu_cores{/m)
  const [, probes] = await fetchText('/metrics/probes')
  expect(probes).toMatch(
    /^prober_probe_total{container="main",.*probe_type="Readiness",result="successful"} \d+$/m,
  )
  expect((await fetchText('/healthz?verbose'))[1]).toBe(
    '[+]ping ok\n[+]log ok\n[+]syncloop ok\nhealthz check passed\n',
  )
  expect(await fetchText('/healthz/ping')).toEqual([200, 'ok'])
  expect((await fetchText('/metrics/slis'))[1]).toContain(
    'kubernetes_healthcheck{name="ping",type="healthz"} 1',
  )
  expect((await fetchText('/metrics'))[1]).toMatch(
    /^kubelet_http_requests_total{method="GET",path="metrics\/resource",server_type="readwrite",long_running="false"} 1$/m,
  )
})

test('it shows what the runtime runs', async () => {
  const { items } = JSON.parse((await fetchText('/runningpods/'))[1])
  expect(items).toMatchObject([
    { metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
  ])
})

test('it shows the logs of the machine, and nothing outside their folder', async () => {
  expect((await fetchText('/logs/'))[1]).toContain('<a href="app.log">app.log</a>')
  expect(await fetchText('/logs/app.log')).toEqual([200, 'started\n'])
  expect(await fetchText('/logs/?query=app')).toEqual([200, 'started\n'])
  expect(await fetchText('/logs/?query=unit')).toEqual([200, 'of the journal: --unit=unit'])
  expect(await fetchText('/logs/?query=/app.log')).toEqual([200, 'started\n'])
  expect((await fetchText('/logs/escape'))[0]).toBe(404)
  expect((await fetchText('/logs/..%2fescape'))[0]).toBe(404)
  expect((await fetchText('/logs/?query=app&tailLines=5'))[1]).toContain(
    'options present and query resolved to log files',
  )
  expect(await fetchText('/logs/?query=a;b')).toEqual([
    406,
    'query: Invalid value: "a;b": input contains unsupported characters\n',
  ])
  expect((await fetchText('/logs/?query=%20'))[0]).toBe(400)
})

test('it says why a container is not written to an archive', async () => {
  const post = (path: string): Promise<readonly [number, string]> => fetchText(path, 'admin', 'POST')
  expect((await post('/checkpoint/default/none/main'))[0]).toBe(404)
  const [code, body] = await post('/checkpoint/default/web/main')
  expect([code, JSON.parse(body).message]).toEqual([500, expect.stringContaining('no processes')])
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
    'Paths: /attach /checkpoint /containerLogs /exec /flagz /healthz /logs /metrics /pods /portForward /run',
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

/** Upgrades to SPDY, as clients did before WebSockets; the connection and the protocol that was chosen, or what refuses it. */
function openSpdy(
  path: string,
  protocols: readonly string[],
): Promise<{ readonly connection: SpdyConnection; readonly protocol: unknown } | readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...{ Connection: 'Upgrade', Upgrade: 'SPDY/3.1' },
      ...(protocols.length === 0 ? {} : { 'X-Stream-Protocol-Version': [...protocols] }),
    }
    const options = { host: '127.0.0.1', port, path, method: 'POST', agent: false, headers }
    const call = request({ ...options, ...credentials('admin') })
    call.on('upgrade', ({ headers }, socket, head) =>
      resolve({
        connection: SpdyConnection.over(socket, head),
        protocol: headers['x-stream-protocol-version'],
      }),
    )
    call.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    })
    call.on('error', reject).end()
  })
}

const exec = vi.spyOn(KubeletApi.prototype, 'exec')

/** What a command says on each of its streams, and the protocol. */
async function runOverSpdy(script: string, protocols: readonly string[]) {
  const query = `command=sh&command=-c&command=${encodeURIComponent(script)}&output=1&error=1`
  const opened = await openSpdy(`/exec/default/web/main?${query}`, protocols)
  if ('connection' in opened) {
    const { connection, protocol } = opened
    exec.mockClear()
    const said: Record<string, string> = { error: '', stdout: '', stderr: '' }
    const streams = await Promise.all(
      Object.keys(said).map((streamtype) =>
        connection.open({ streamtype }, true, (data) => {
          said[streamtype] += Buffer.from(data).toString()
        }),
      ),
    )
    // It begins when all streams have arrived, and then takes time.
    await vi.waitFor(() => expect(exec).toHaveBeenCalled(), { timeout: 50_000 })
    await bench.host.advance(1000)
    await Promise.all(streams.map(({ closed }) => closed))
    connection.close()
    return { ...said, protocol }
  }
  return opened
}

test('it runs commands over SPDY, and says how they ended as the protocol has it', async () => {
  const modern = await runOverSpdy('echo out; exit 3', ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
  expect(modern).toMatchObject({ stdout: 'out\n', stderr: '', protocol: 'v4.channel.k8s.io' })
  expect(JSON.parse('error' in modern ? String(modern.error) : '')).toMatchObject({
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  })
  const error = 'command terminated with non-zero exit code: exit code 3'
  expect(await runOverSpdy('exit 3', ['v3.channel.k8s.io'])).toMatchObject({ error })
  expect(await runOverSpdy('exit 0', [])).toMatchObject({ error: '', protocol: undefined })
})

test('it refuses streams over SPDY that it does not speak, or of which there would be none', async () => {
  expect(await runOverSpdy('exit 0', ['v9.channel.k8s.io'])).toEqual([
    403,
    'unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]',
  ])
  expect(await openSpdy('/attach/default/web/main', [])).toEqual([
    400,
    'you must specify at least 1 of stdin, stdout, stderr',
  ])
})

test('it forwards ports over SPDY and tells what fails', async () => {
  const opened = await openSpdy('/portForward/default/web', ['portforward.k8s.io'])
  if (!('connection' in opened)) throw new Error(`refused: ${opened}`)
  const headers = { port: '8080', requestid: '0' }
  let failure = ''
  const error = await opened.connection.open({ ...headers, streamtype: 'error' }, true, (data) => {
    failure += Buffer.from(data).toString()
  })
  await opened.connection.open({ ...headers, streamtype: 'data' }, false, () => {})
  await error.closed
  expect(failure).toContain('simulated containers do not listen on port 8080')
  opened.connection.close()
})
