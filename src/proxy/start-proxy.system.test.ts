import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Service } from '../api/core/service/kind.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice/kind.ts'
import type { core, discovery } from '../api/generated/types/index.ts'
import { realHost } from '../base/host/real-host.ts'
import type { RunProgram } from '../base/host/run-program.ts'
import { labMissing, NetworkLab } from '../base/host/testing/network-lab.ts'
import { silentLogger } from '../base/logger.ts'
import { PrometheusMetrics } from '../base/prometheus.ts'
import type { Client } from '../client/client.ts'
import { createClient } from '../client/create-client.ts'
import type { InformerFactory } from '../client/informer.ts'
import { createInformerFactory } from '../client/informer-factory.ts'
import { FakeApi } from '../client/testing/fake-api.ts'
import { type ProxyOptions, type RunningProxy, startProxy } from './start-proxy.ts'
import { type SliceEndpoint, serviceOf, sliceOf } from './testing/objects.ts'

const missing = labMissing('nft')

const gateway = '10.244.0.1'
const podA = '10.244.0.2'
const podB = '10.244.0.3'
const nodeAddress = '10.89.200.1'
const outsider = '10.89.200.9'

let lab: NetworkLab
let node: RunProgram
let client: Client
let informers: InformerFactory
const proxies: RunningProxy[] = []

async function start(options: Partial<ProxyOptions> = {}): Promise<RunningProxy> {
  const proxy = await startProxy({
    informers,
    host: realHost,
    logger: silentLogger,
    metrics: new PrometheusMetrics(),
    nodeName: 'node-1',
    nodeAddresses: [nodeAddress],
    podTraffic: { cidrs: ['10.244.0.0/16'] },
    serviceCidrs: ['10.96.0.0/12'],
    run: node,
    ...options,
  })
  proxies.push(proxy)
  await proxy.inForce
  return proxy
}

async function eventually(expected: string, observe: () => Promise<string>): Promise<void> {
  let seen = ''
  for (let i = 0; i < 40; i++) {
    seen = await observe()
    if (seen === expected) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  expect(seen).toBe(expected)
}

const services = () => client.resource<core.v1.Service>(Service)
const slices = () => client.resource<discovery.v1.EndpointSlice>(EndpointSlice)

async function create(
  service: core.v1.Service,
  endpoints: readonly SliceEndpoint[],
  ports?: readonly discovery.v1.EndpointPort[],
): Promise<void> {
  await services().create(service)
  await slices().create(sliceOf(service.metadata?.name ?? '', endpoints, ports))
}

async function update(
  name: string,
  endpoints: readonly SliceEndpoint[],
  ports?: readonly discovery.v1.EndpointPort[],
): Promise<void> {
  await slices().update(sliceOf(name, endpoints, ports))
}

const onA: SliceEndpoint = { ip: podA, node: 'node-1' }
const onB: SliceEndpoint = { ip: podB, node: 'node-1' }

describe.skipIf(missing !== undefined)(`a proxy in a network namespace ${missing ?? ''}`, () => {
  beforeEach(async () => {
    lab = new NetworkLab()
    node = await lab.namespace('node')
    await node('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
    await Promise.all([
      lab.pod('node', 'a', podA, gateway).then(() => lab.serve('a', 8080)),
      lab.pod('node', 'b', podB, gateway).then(() => lab.serve('b', 8080)),
      lab.namespace('out').then(async (run) => {
        await lab.wire('node', `${nodeAddress}/24`, 'out', `${outsider}/24`)
        await run('ip', ['route', 'add', 'default', 'via', nodeAddress])
      }),
    ])
    await node('ip', ['route', 'add', '10.96.0.0/12', 'via', outsider])
    client = createClient(new FakeApi(realHost))
    informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
  })

  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.stop({ cleanUp: true })
    await informers.stop()
    await lab.close()
  })

  test('a cluster IP leads to ready endpoints, from pods, the node, outside and the endpoint itself', async () => {
    await create(serviceOf('web', '10.96.0.20'), [onA, { ...onB, ready: false }])
    await start()
    expect(await lab.connect('b', '10.96.0.20', 80)).toBe(`a ${podB}`)
    expect(await lab.connect('node', '10.96.0.20', 80)).toBe(`a ${gateway}`)
    expect(await lab.connect('out', '10.96.0.20', 80)).toBe(`a ${gateway}`)
    expect(await lab.connect('a', '10.96.0.20', 80)).toBe(`a ${gateway}`)
    await update('web', [onB])
    await eventually(`b ${podA}`, () => lab.connect('a', '10.96.0.20', 80))
  })

  test('both endpoints get connections', async () => {
    await create(serviceOf('web', '10.96.0.20'), [onA, onB])
    await start()
    const answers = new Set<string>()
    for (let i = 0; i < 40 && answers.size < 2; i++) answers.add(await lab.connect('node', '10.96.0.20', 80))
    expect([...answers].sort()).toEqual([`a ${gateway}`, `b ${gateway}`])
  })

  test('without endpoints, and on ports that are not served, connections are refused at once', async () => {
    await create(serviceOf('web', '10.96.0.20'), [])
    await start()
    expect(await lab.connect('a', '10.96.0.20', 80)).toBe('refused')
    expect(await lab.connect('node', '10.96.0.20', 80)).toBe('refused')
    await update('web', [onA])
    await eventually(`a ${podB}`, () => lab.connect('b', '10.96.0.20', 80))
    expect(await lab.connect('b', '10.96.0.20', 81)).toBe('refused')
    expect(await lab.connect('b', '10.96.0.99', 80, 0.3)).toBe('timeout')
  })

  test('a node port is served at the node’s address', async () => {
    await create(
      serviceOf('web', '10.96.0.20', {
        type: 'NodePort',
        ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 }],
      }),
      [onA],
    )
    await start()
    expect(await lab.connect('out', nodeAddress, 30080)).toBe(`a ${gateway}`)
    expect(await lab.connect('b', nodeAddress, 30080)).toBe(`a ${gateway}`)
    await update('web', [])
    await eventually('refused', () => lab.connect('out', nodeAddress, 30080))
  })

  test('with the policy Local, clients keep their address and remote endpoints get nothing', async () => {
    await create(
      serviceOf('web', '10.96.0.20', {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 }],
      }),
      [onA, { ip: podB, node: 'node-2' }],
    )
    await start()
    for (let i = 0; i < 6; i++) expect(await lab.connect('out', nodeAddress, 30080)).toBe(`a ${outsider}`)
    await update('web', [{ ip: podB, node: 'node-2' }])
    await eventually('timeout', () => lab.connect('out', nodeAddress, 30080, 0.3))
    expect(await lab.connect('a', '10.96.0.20', 80)).toBe(`b ${podA}`)
  })

  test('with session affinity, a client stays with its endpoint', async () => {
    await create(
      serviceOf('web', '10.96.0.20', {
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 100 } },
      }),
      [onA, onB],
    )
    const first = await start()
    const answers = new Set<string>()
    for (let i = 0; i < 12; i++) answers.add(await lab.connect('out', '10.96.0.20', 80))
    expect(answers.size).toBe(1)
    await first.stop({ cleanUp: false })
    await start()
    for (let i = 0; i < 8; i++) answers.add(await lab.connect('out', '10.96.0.20', 80))
    expect(answers.size, 'also with the next proxy').toBe(1)
  })

  test('serving endpoints that terminate are better than none', async () => {
    await create(serviceOf('web', '10.96.0.20'), [{ ...onA, ready: false, terminating: true }])
    await start()
    expect(await lab.connect('b', '10.96.0.20', 80)).toBe(`a ${podB}`)
  })

  test('a UDP client follows when its endpoint goes', async (context) => {
    if (labMissing('conntrack') !== undefined) return context.skip('needs conntrack')
    const port = { name: 'dns', port: 8080, protocol: 'UDP' }
    const service = serviceOf('names', '10.96.0.30', { ports: [{ ...port, port: 53 }] })
    await create(service, [onA], [port])
    await start()
    expect(await lab.datagram('b', '10.96.0.30', 53, 5555)).toBe(`a ${podB}`)
    await update('names', [onB], [port])
    await eventually(`b ${gateway}`, () => lab.datagram('b', '10.96.0.30', 53, 5555))
  })

  test('rules outlive the proxy, and the next one takes away what is out of date', async () => {
    await create(serviceOf('web', '10.96.0.20'), [onA])
    await create(serviceOf('old', '10.96.0.21'), [onA])
    const first = await start()
    await first.stop({ cleanUp: false })
    expect(await lab.connect('b', '10.96.0.20', 80)).toBe(`a ${podB}`)
    await services().delete('default', 'old')
    await slices().delete('default', 'old-abcde')
    await eventually('0', async () => String(informers.informer(Service).lister.list().length - 1))
    const second = await start()
    expect(await lab.connect('b', '10.96.0.20', 80)).toBe(`a ${podB}`)
    expect(await lab.connect('b', '10.96.0.21', 80, 0.3)).toBe('timeout')
    await eventually('false', async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      return String((await node('nft', ['list', 'chains', 'ip'])).includes('default/old/'))
    })
    await second.stop({ cleanUp: true })
    expect(await node('nft', ['list', 'ruleset'])).toBe('')
  })

  test('a table that someone else flushed or filled is written anew', async () => {
    await node('nft', ['add', 'table', 'ip', 'kube-proxy'])
    await node('nft', ['add', 'set', 'ip', 'kube-proxy', 'cluster-ips', '{ type inet_service; }'])
    await node('nft', ['add', 'table', 'ip', 'foreign'])
    await create(serviceOf('web', '10.96.0.20'), [onA])
    await start()
    expect(await lab.connect('b', '10.96.0.20', 80)).toBe(`a ${podB}`)
    await node('nft', ['delete', 'table', 'ip', 'kube-proxy'])
    await update('web', [onB])
    await eventually(`b ${podA}`, () => lab.connect('a', '10.96.0.20', 80))
    expect(await node('nft', ['list', 'tables'])).toContain('table ip foreign')
  })

  test('the address that the node answers itself is left alone, and never spoken from', async () => {
    await node('ip', ['address', 'add', '10.96.0.10/32', 'dev', 'lo', 'scope', 'host'])
    await lab.serve('node', 53)
    await create(serviceOf('kube-dns', '10.96.0.10', { ports: [{ name: 'dns', port: 53 }] }), [])
    await start({ nodeLocalAddresses: ['10.96.0.10'] })
    expect(await lab.connect('a', '10.96.0.10', 53)).toBe(`node ${podA}`)
    expect(await lab.connect('node', '10.96.0.10', 53)).toBe('node 10.96.0.10')
    await create(serviceOf('api', '10.96.0.1'), [{ ip: nodeAddress, node: 'node-1' }])
    await lab.serve('node', 8080)
    await eventually(`node ${podA}`, () => lab.connect('a', '10.96.0.1', 80))
    const spokenFrom = [gateway, nodeAddress].map((address) => `node ${address}`)
    expect(spokenFrom).toContain(await lab.connect('node', '10.96.0.1', 80))
  })
})
