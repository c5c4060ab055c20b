import { describe, expect, it } from 'vitest'
import { Service } from '../../api/core/service/kind.ts'
import { IPAddress } from '../../api/networking/ip-address/kind.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr/kind.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { AllocationRepair } from './allocation-repair.ts'
import { ServiceAllocator } from './service-allocator.ts'

const services = '/api/v1/namespaces/default/services'
const addresses = '/apis/networking.k8s.io/v1/ipaddresses'
const ranges = '/apis/networking.k8s.io/v1/servicecidrs'

const startServer = (storage: MemoryStorage, serviceCidrs = ['10.0.0.0/28']): Promise<TestServer> =>
  startTestServer({
    storage,
    sharedStorage: true,
    kinds: [Service, IPAddress, ServiceCIDR],
    allocator: (reader) =>
      new ServiceAllocator({
        host: realHost,
        metrics: new PrometheusMetrics(),
        reader,
        serviceCidrs,
        nodePorts: { first: 30000, last: 30015 },
      }),
  })

const service = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { type: 'NodePort', ports: [{ port: 80 }], ...spec },
})

async function namesOf(server: TestServer, path: string): Promise<readonly string[]> {
  const { items } = JSON.parse((await server.call('GET', path)).text)
  return items.map((item: { metadata: { name: string } }) => item.metadata.name)
}

async function withServers(
  count: number,
  run: (servers: readonly TestServer[]) => Promise<void>,
): Promise<void> {
  const storage = new MemoryStorage({ host: realHost })
  const servers = await Promise.all(Array.from({ length: count }, () => startServer(storage)))
  try {
    await run(servers)
  } finally {
    for (const server of servers) await server.close()
  }
}

describe('claims of services', () => {
  it('come and go with the service', () =>
    withServers(1, async ([server]) => {
      if (server === undefined) return
      const created = JSON.parse((await server.call('POST', services, service('a'))).text)
      const address = JSON.parse((await server.call('GET', `${addresses}/${created.spec.clusterIP}`)).text)
      expect(address).toMatchObject({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IPAddress',
        metadata: {
          labels: {
            'ipaddress.kubernetes.io/ip-family': 'IPv4',
            'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
          },
        },
        spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'a' } },
      })
      const [{ nodePort }] = created.spec.ports
      const port = `/registry/ranges/servicenodeports/${nodePort}`
      expect(await server.storage.get(port)).toBeDefined()
      await server.call('DELETE', `${services}/a`)
      expect(await namesOf(server, addresses)).toEqual([])
      expect(await server.storage.get(port)).toBeUndefined()
    }))

  it('keep two servers from giving out the same', () =>
    withServers(2, async (servers) => {
      const answers = await Promise.all(
        Array.from({ length: 14 }, (_, index) =>
          servers[index % 2]?.call('POST', services, service(`s${index}`)),
        ),
      )
      expect(answers.map((answer) => answer?.status)).toEqual(answers.map(() => 201))
      const stored = answers.map((answer) => JSON.parse(answer?.text ?? ''))
      expect(new Set(stored.map(({ spec }) => spec.clusterIP)).size).toBe(14)
      expect(new Set(stored.map(({ spec }) => spec.ports[0].nodePort)).size).toBe(14)
      const full = await servers[1]?.call('POST', services, service('last'))
      expect(full?.text).toContain('failed to allocate a serviceIP for Service \\"last\\": range is full')
    }))

  it('refuse an address that somebody has claimed by hand', () =>
    withServers(1, async ([server]) => {
      const parentRef = { resource: 'gateways', group: 'example.com', name: 'g' }
      await server?.call('POST', addresses, { metadata: { name: '10.0.0.5' }, spec: { parentRef } })
      const answer = await server?.call('POST', services, service('a', { clusterIP: '10.0.0.5' }))
      expect(answer?.text).toContain('failed to allocate IP 10.0.0.5: provided IP is already allocated')
    }))

  it('are of all ranges that there are', () =>
    withServers(1, async ([server]) => {
      const wanted = service('a', { clusterIP: '10.9.0.7' })
      expect((await server?.call('POST', services, wanted))?.status).toBe(422)
      await server?.call('POST', ranges, { metadata: { name: 'more' }, spec: { cidrs: ['10.9.0.0/24'] } })
      expect((await server?.call('POST', services, wanted))?.status).toBe(201)
    }))
})

describe('AllocationRepair', () => {
  it('claims what services hold and releases what none does', () =>
    withServers(1, async ([server]) => {
      if (server === undefined) return
      const { storage, core } = server
      const created = JSON.parse(
        (await server.call('POST', services, service('a', { clusterIP: '10.0.0.4' }))).text,
      )
      const { clusterIP } = created.spec
      await server.call('DELETE', `${addresses}/${clusterIP}`)
      const bytes = new TextEncoder().encode('{"metadata":{"name":"gone"}}')
      await storage.commit([{ type: 'put', key: '/registry/ranges/servicenodeports/30099', value: bytes }])
      const leaked = {
        metadata: {
          name: '10.0.0.9',
          creationTimestamp: '2020-01-01T00:00:00Z',
          labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
        },
        spec: { parentRef: { resource: 'services', namespace: 'default', name: 'gone' } },
      }
      const value = new TextEncoder().encode(JSON.stringify(leaked))
      const revision = await storage.commit([{ type: 'put', key: '/registry/ipaddresses/10.0.0.9', value }])
      const reached = (least: number) => core.mirror.reached(least)
      await reached(revision)
      const warnings: string[] = []
      const repair = new AllocationRepair({
        host: realHost,
        reader: core.reader,
        storage,
        logger: silentLogger,
        warn: ({ about, reason, message }) => warnings.push(`${about.metadata?.name} ${reason}: ${message}`),
        reached,
      })
      await repair.run()
      await reached(await storage.currentRevision())
      expect(await namesOf(server, addresses)).toEqual([clusterIP])
      expect(warnings).toEqual([
        'a ClusterIPNotAllocated: Cluster IP [IPv4]: 10.0.0.4 is not allocated; repairing',
        '10.0.0.9 IPAddressNotAllocated: IPAddress: 10.0.0.9 for Service default/gone appears to have leaked: cleaning up',
      ])
      const { entries } = await storage.range('/registry/ranges/servicenodeports/')
      expect(entries.map(({ key }) => key.split('/').at(-1))).toEqual([
        String(created.spec.ports[0].nodePort),
      ])
    }))
})
