import { afterEach, describe, expect, test } from 'vitest'
import { ConfigMap } from '../../../api/core/config-map/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { ResourceQuota } from '../../../api/core/resource-quota/kind.ts'
import { Service } from '../../../api/core/service/kind.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { MemoryStorage } from '../../../storage/memory/memory-storage.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'
import type { LimitedResource } from './charge.ts'
import { resourceQuota } from './resource-quota.ts'

const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** The plugin is made from the server's core, the server from its plugins. */
async function start(storage: MemoryStorage, limited: readonly LimitedResource[] = []): Promise<TestServer> {
  let real: AdmissionPlugin | undefined
  const plugin: AdmissionPlugin = {
    name: 'ResourceQuota',
    handles: () => true,
    validate: (attributes) => {
      const { operation, declaration, subresource } = attributes
      return real?.handles(operation, declaration, subresource) ? real.validate?.(attributes) : undefined
    },
  }
  const server = await startTestServer({
    storage,
    kinds: [Pod, ConfigMap, ResourceQuota, Service],
    admission: [plugin],
    sharedStorage: true,
  })
  const { reader, writer } = server.core
  real = resourceQuota({ host: realHost, reader, writer, limited })
  servers.push(server)
  return server
}

const startOne = (limited?: readonly LimitedResource[]) =>
  start(new MemoryStorage({ host: realHost }), limited)

const base = '/api/v1/namespaces/default'

async function makeQuota(server: TestServer, hard: object, used: object, spec: object = {}, name = 'q') {
  const made = await server.call('POST', `${base}/resourcequotas`, {
    metadata: { name },
    spec: { hard, ...spec },
  })
  const quota = JSON.parse(made.text)
  const path = `${base}/resourcequotas/${name}/status`
  expect((await server.call('PUT', path, { ...quota, status: { hard, used } })).status).toBe(200)
}

const usedOf = async (server: TestServer, name = 'q') =>
  JSON.parse((await server.call('GET', `${base}/resourcequotas/${name}`)).text).status.used

const makeMap = (server: TestServer, name: string, query = '') =>
  server.call('POST', `${base}/configmaps${query}`, { metadata: { name } })

const makePod = (server: TestServer, name: string, requests: object = {}, spec: object = {}) =>
  server.call('POST', `${base}/pods`, {
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...spec },
  })

const message = ({ text }: { readonly text: string }) => JSON.parse(text).message

describe('resourceQuota()', () => {
  test('charges what is created, and refuses what is too much', async () => {
    const server = await startOne()
    await makeQuota(
      server,
      { configmaps: '2', 'count/configmaps': '2' },
      { configmaps: '0', 'count/configmaps': '0' },
    )
    for (const name of ['a', 'b']) expect((await makeMap(server, name)).status).toBe(201)
    expect(await usedOf(server)).toEqual({ configmaps: '2', 'count/configmaps': '2' })
    const refused = await makeMap(server, 'c')
    expect(refused.status).toBe(403)
    expect(message(refused)).toBe(
      'configmaps "c" is forbidden: exceeded quota: q, requested: configmaps=1,count/configmaps=1, used: configmaps=2,count/configmaps=2, limited: configmaps=2,count/configmaps=2',
    )
  })

  test('lets no more through than there is room for, however many come at once', async () => {
    const storage = new MemoryStorage({ host: realHost })
    const both = [await start(storage), await start(storage)] as const
    await makeQuota(both[0], { configmaps: '10' }, { configmaps: '0' })
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => makeMap(both[index % 2 === 0 ? 0 : 1], `m${index}`)),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10)
    expect(await usedOf(both[0])).toEqual({ configmaps: '10' })
  })

  test('does not charge a dry run, but judges it', async () => {
    const server = await startOne()
    await makeQuota(server, { configmaps: '1' }, { configmaps: '0' })
    expect((await makeMap(server, 'a', '?dryRun=All')).status).toBe(201)
    expect(await usedOf(server)).toEqual({ configmaps: '0' })
    await makeMap(server, 'a')
    expect((await makeMap(server, 'b', '?dryRun=All')).status).toBe(403)
  })

  test('waits for the controller to say what is used', async () => {
    const server = await startOne()
    await makeQuota(server, { configmaps: '1', pods: '1' }, {})
    expect(message(await makeMap(server, 'a'))).toBe(
      'configmaps "a" is forbidden: status unknown for quota: q, resources: configmaps',
    )
  })

  test('holds pods to every quota whose scopes they are in', async () => {
    const server = await startOne()
    await makeQuota(server, { 'requests.cpu': '1' }, { 'requests.cpu': '0' }, { scopes: ['NotBestEffort'] })
    await makeQuota(server, { pods: '1' }, { pods: '0' }, { scopes: ['BestEffort'] }, 'best')
    expect((await makePod(server, 'a', { cpu: '600m' })).status).toBe(201)
    expect(message(await makePod(server, 'b', { cpu: '600m' }))).toBe(
      'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
    )
    expect(message(await makePod(server, 'c', { memory: '1' }))).toBe(
      'pods "c" is forbidden: failed quota: q: must specify requests.cpu for: c',
    )
    expect((await makePod(server, 'd')).status).toBe(201)
    expect((await makePod(server, 'e')).status).toBe(403)
    expect([await usedOf(server), await usedOf(server, 'best')]).toEqual([
      { 'requests.cpu': '600m' },
      { pods: '1' },
    ])
  })

  test('charges an update for what it adds', async () => {
    const server = await startOne()
    await makeQuota(server, { 'services.nodeports': '2' }, { 'services.nodeports': '0' })
    const ports = [{ port: 80 }]
    const made = await server.call('POST', `${base}/services`, { metadata: { name: 's' }, spec: { ports } })
    const service = JSON.parse(made.text)
    const put = (spec: object) =>
      server.call('PUT', `${base}/services/s`, {
        ...service,
        metadata: { name: 's' },
        spec: { ...service.spec, ...spec },
      })
    expect((await put({ type: 'NodePort' })).status).toBe(200)
    expect(await usedOf(server)).toEqual({ 'services.nodeports': '1' })
    const many = [1, 2, 3].map((port) => ({ port, name: `p${port}` }))
    expect((await put({ type: 'NodePort', ports: many })).status).toBe(403)
  })

  test('refuses what only a quota could allow', async () => {
    const server = await startOne([
      { resource: 'pods', matchContains: ['cpu'] },
      {
        resource: 'pods',
        matchScopes: [{ scopeName: 'PriorityClass', operator: 'In', values: ['top'] }],
      },
    ])
    expect(message(await makePod(server, 'a', { cpu: '1' }))).toBe(
      'pods "a" is forbidden: insufficient quota to consume: cpu,requests.cpu',
    )
    const ranked = await makePod(server, 'b', {}, { priorityClassName: 'top' })
    expect([ranked.status, message(ranked)]).toEqual([
      500,
      'insufficient quota to match these scopes: [{PriorityClass In [top]}]',
    ])
    expect((await makePod(server, 'c')).status).toBe(201)
  })
})
