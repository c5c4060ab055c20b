import { describe, expect, it } from 'vitest'
import { resources as table } from '../../api/generated/resources.ts'
import { kinds } from '../../api/kinds.ts'
import { ping } from '../../base/health-checks.ts'
import { HealthSlis } from '../../base/health-slis.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import type { Endpoint } from '../endpoint.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { DiscoveryEndpoint } from './discovery-endpoint.ts'
import { compareVersions } from './group-versions.ts'
import { HealthEndpoint } from './health-endpoint.ts'
import { MetricsEndpoint } from './metrics-endpoint.ts'
import { RootEndpoint } from './root-endpoint.ts'
import { servedResources } from './served-resource.ts'
import { VersionEndpoint } from './version-endpoint.ts'

const discovery = new DiscoveryEndpoint({ host: realHost, address: '192.0.2.1:6443', cbor: false })
discovery.replace(() =>
  servedResources(kinds, table, (kind, name) => `${kind.resource}/${name}` !== 'pods/attach'),
)

const get = async (endpoint: Endpoint, target: string, headers = {}) => {
  const response = await endpoint.handle(fakeRequest({ target, headers }))
  if (response.type === 'object')
    return { status: response.status, body: response.object, headers: response.headers }
  if (response.type !== 'bytes') throw new Error(response.type)
  const text = response.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('')
  const json = response.contentType.includes('json') && text !== ''
  return {
    status: response.status,
    body: json ? JSON.parse(text) : text,
    headers: response.headers,
    type: response.contentType,
  }
}

const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

describe('DiscoveryEndpoint', () => {
  it('lists versions of the core group', async () => {
    expect((await get(discovery, '/api')).body).toEqual({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '192.0.2.1:6443' }],
    })
  })

  it('lists groups in upstream’s order with the preferred version first', async () => {
    const { body } = await get(discovery, '/apis')
    expect(body).toMatchObject({ kind: 'APIGroupList', apiVersion: 'v1' })
    const { groups } = body as { groups: { name: string; preferredVersion: { groupVersion: string } }[] }
    expect(groups.map(({ name }) => name).slice(0, 3)).toEqual([
      'apiregistration.k8s.io',
      'apps',
      'events.k8s.io',
    ])
    expect(groups.find(({ name }) => name === 'autoscaling')?.preferredVersion.groupVersion).toBe(
      'autoscaling/v2',
    )
  })

  it('answers any method where upstream’s aggregator does', async () => {
    const post = (target: string) => discovery.handle(fakeRequest({ target, method: 'POST' }))
    for (const target of ['/apis', '/apis/apps/'])
      expect(await post(target)).toMatchObject({ type: 'object' })
    for (const target of ['/api', '/api/v1', '/apis/apps/v1'])
      await expect(post(target)).rejects.toThrow('the server does not allow this method')
  })

  it('lists resources and the subresources that are there', async () => {
    const { body } = await get(discovery, '/api/v1/')
    const { resources } = body as { resources: { name: string }[] }
    const named = (name: string) => resources.find((resource) => resource.name === name)
    expect(named('pods')).toMatchObject({
      singularName: 'pod',
      shortNames: ['po'],
      categories: ['all'],
      storageVersionHash: 'xPOwRZ+Yhw8=',
    })
    expect(named('pods/eviction')).toEqual({
      name: 'pods/eviction',
      singularName: '',
      namespaced: true,
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      verbs: ['create'],
    })
    expect(named('pods/exec')).toMatchObject({ verbs: ['create', 'get'] })
    expect(named('pods/attach')).toBe(undefined)
    expect(named('nodes/proxy')).toMatchObject({ verbs: ['create', 'delete', 'get', 'patch', 'update'] })
  })

  it('gives all groups at once to who prefers it', async () => {
    const accept = `${v2},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`
    const { body, headers, type } = await get(discovery, '/apis', { accept })
    expect(type).toBe(v2)
    expect(body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' })
    const { items } = body as { items: { metadata: { name: string }; versions: { resources: object[] }[] }[] }
    const apps = items.find(({ metadata }) => metadata.name === 'apps')
    expect(apps?.versions[0]?.resources).toContainEqual(
      expect.objectContaining({
        resource: 'deployments',
        scope: 'Namespaced',
        responseKind: { group: '', version: '', kind: 'Deployment' },
      }),
    )
    const again = await get(discovery, '/apis', { accept, 'if-none-match': headers?.etag })
    expect(again.status).toBe(304)
    const core = await get(discovery, '/api', { accept })
    expect((core.body as { items: object[] }).items).toHaveLength(1)
  })

  it('gives the plain document to who asks for it first', async () => {
    const { body } = await get(discovery, '/apis', { accept: `application/json,${v2}` })
    expect(body).toMatchObject({ kind: 'APIGroupList' })
  })

  it.each(['/api', '/api/v1', '/apis/apps/v1'])('tells who accepts none of its forms what %s is in', (path) =>
    expect(get(discovery, path, { accept: 'text/html' })).rejects.toThrow(
      '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    ),
  )

  it('knows no other path', async () => {
    expect(await get(discovery, '/apis/nothing')).toMatchObject({ status: 404, body: '404 page not found\n' })
    for (const path of ['/apis/apps/v9', '/api/v2'])
      await expect(get(discovery, path)).rejects.toThrow('the server could not find the requested resource')
  })
})

describe('compareVersions()', () => {
  it('orders as Kubernetes does', () => {
    const versions = ['v1alpha1', 'foo10', 'v11beta2', 'v2', 'v10', 'v1', 'v12alpha1', 'v3beta1']
    expect(versions.sort(compareVersions)).toEqual([
      'v10',
      'v2',
      'v1',
      'v11beta2',
      'v3beta1',
      'v12alpha1',
      'v1alpha1',
      'foo10',
    ])
  })
})

describe('HealthEndpoint', () => {
  it('takes what it spares for granted', async () => {
    let spares = true
    const slow = new HealthEndpoint('livez', [broken], silentLogger, new HealthSlis(), () => spares)
    expect(await get(slow, '/livez')).toMatchObject({ status: 200, body: 'ok' })
    spares = false
    expect(await get(slow, '/livez')).toMatchObject({ status: 500 })
  })

  const broken = { name: 'etcd', check: () => Promise.reject(new Error('no disk')) }
  const healthy = new HealthEndpoint('healthz', [ping], silentLogger, new HealthSlis())
  const sick = new HealthEndpoint('readyz', [ping, broken], silentLogger, new HealthSlis())

  it.each([
    [healthy, '/healthz', 200, 'ok'],
    [healthy, '/healthz?verbose', 200, '[+]ping ok\nhealthz check passed\n'],
    [healthy, '/healthz/ping', 200, 'ok'],
    [healthy, '/healthz/pong', 404, '404 page not found\n'],
    [sick, '/readyz', 500, '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n'],
    [sick, '/readyz/etcd', 500, 'internal server error: no disk\n'],
    [sick, '/readyz?exclude=etcd', 200, 'ok'],
    [
      sick,
      '/readyz?verbose&exclude=etcd&exclude=x',
      200,
      '[+]ping ok\n[+]etcd excluded: ok\nwarn: some health checks cannot be excluded: no matches for "x"\nreadyz check passed\n',
    ],
  ])('%# answers %s', async (endpoint, target, status, body) => {
    expect(await get(endpoint, target)).toMatchObject({ status, body })
  })

  it('asks only in /readyz what says nothing of the life of the server', async () => {
    const checks = [ping, { ...broken, onlyReady: true }]
    const slis = new HealthSlis()
    const [live, ready] = ['livez', 'readyz'].map(
      (name) => new HealthEndpoint(name, checks, silentLogger, slis),
    )
    expect(await get(live as HealthEndpoint, '/livez')).toMatchObject({ status: 200 })
    expect(await get(live as HealthEndpoint, '/livez/etcd')).toMatchObject({ status: 404 })
    expect(await get(ready as HealthEndpoint, '/readyz')).toMatchObject({ status: 500 })
  })

  it('counts how the checks went', async () => {
    const slis = new HealthSlis()
    await get(new HealthEndpoint('readyz', [ping, broken], silentLogger, slis), '/readyz')
    const { body } = await get(new MetricsEndpoint('/metrics/slis', slis), '/metrics/slis')
    expect(String(body).split('\n')).toEqual(
      expect.arrayContaining([
        'kubernetes_healthcheck{name="ping",type="readyz"} 1',
        'kubernetes_healthcheck{name="etcd",type="readyz"} 0',
        'kubernetes_healthchecks_total{name="etcd",type="readyz",status="error"} 1',
      ]),
    )
  })
})

const build = {
  gitVersion: 'v1.36.2+timonel-0.1.0',
  gitCommit: 'abc',
  buildDate: '2026-01-01T00:00:00Z',
  runtime: 'node v24',
  platform: 'linux/amd64',
}

describe('VersionEndpoint', () => {
  it('says which Kubernetes it is', async () => {
    expect((await get(new VersionEndpoint(build), '/version')).body).toMatchObject({
      major: '1',
      minor: '36',
      minCompatibilityMinor: '35',
      gitVersion: 'v1.36.2+timonel-0.1.0',
    })
  })

  it('is only read', async () => {
    const posted = new VersionEndpoint(build).handle(fakeRequest({ target: '/version', method: 'POST' }))
    await expect(posted).rejects.toMatchObject({ reason: 'MethodNotAllowed' })
  })
})

describe('RootEndpoint', () => {
  it('lists paths: each group, version and health check', async () => {
    const root = new RootEndpoint([
      new HealthEndpoint('livez', [ping], silentLogger, new HealthSlis()),
      new VersionEndpoint(build),
      discovery,
    ])
    const { paths } = (await get(root, '/')).body as { paths: string[] }
    expect(paths).toEqual([...new Set(paths)].sort())
    const shown = [
      '/api',
      '/api/v1',
      '/apis',
      '/apis/',
      '/apis/apps',
      '/apis/apps/v1',
      '/livez',
      '/livez/ping',
      '/version',
    ]
    expect(paths).toEqual(expect.arrayContaining(shown))
    expect(paths.filter((path) => path.includes('*'))).toEqual([])
  })
})
