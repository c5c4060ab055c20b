import { get } from 'node:https'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Transport } from '../../src/apimachinery/transport.ts'
import { realHost } from '../../src/base/host/real-host.ts'
import { createHttpsTransport } from '../../src/client/https/https-transport.ts'
import { type KubeconfigContext, parseKubeconfig } from '../../src/client/https/kubeconfig.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { type ExtensionServer, extensionServer } from './support/extension-server.ts'

const group = 'reports.example.com'
const apiServicePath = '/apis/apiregistration.k8s.io/v1/apiservices'
const reports = `/apis/${group}/v1/namespaces/default/reports`
const patience = { timeout: 20_000, interval: 50 }

let cluster: Cluster
let extension: ExtensionServer
let config: KubeconfigContext
let transport: Transport

beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0, runtime: 'simulated' })
  extension = await extensionServer('reports.default.svc')
  config = parseKubeconfig(cluster.kubeconfig, '/')
  transport = createHttpsTransport({ host: realHost, ...config })
})

afterAll(async () => {
  await transport.close()
  await extension.close()
  await cluster.stop()
})

function raw(path: string, accept = 'application/json'): Promise<readonly [number, string]> {
  const { server, certificateAuthority: ca, clientCertificate: cert, clientKey: key } = config
  return new Promise((resolve, reject) => {
    get(`${server}${path}`, { ca, cert, key, agent: false, headers: { accept } }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    }).on('error', reject)
  })
}

const json = async (path: string, accept?: string) => JSON.parse((await raw(path, accept))[1])

const conditionOf = async (name: string): Promise<readonly [string, string, string]> => {
  const { status } = await json(`${apiServicePath}/${name}`)
  const found = status?.conditions?.find(({ type }: { type: string }) => type === 'Available')
  return [found?.status, found?.reason, found?.message]
}

test("everything of the server's own has an APIService", async () => {
  const { items } = await json(apiServicePath)
  const names = items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)
  expect(names).toContain('v1.')
  expect(names).toContain('v1.apps')
  expect(names).not.toContain('v1.apiregistration.k8s.io')
  expect(await conditionOf('v1.apps')).toEqual(['True', 'Local', 'Local APIServices are always available'])
})

test('an APIService without its Service says so, and its API answers 503', async () => {
  await transport.request({
    method: 'POST',
    path: apiServicePath,
    body: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v1.${group}` },
      spec: {
        group,
        version: 'v1',
        groupPriorityMinimum: 2000,
        versionPriority: 10,
        service: { namespace: 'default', name: 'reports', port: extension.port },
        caBundle: extension.caBundle,
      },
    },
  })
  await expect
    .poll(() => conditionOf(`v1.${group}`), patience)
    .toEqual(['False', 'ServiceNotFound', 'service/reports in "default" is not present'])
  expect(await raw(reports)).toEqual([503, 'service unavailable\n'])
  const [, metrics] = await raw('/metrics')
  expect(metrics).toContain(`aggregator_unavailable_apiservice{name="v1.${group}"} 1`)
  expect(metrics).toContain('aggregator_unavailable_apiservice{name="v1.apps"} 0')
})

test('it becomes available with its server, and requests pass through as whom they came from', async () => {
  await transport.request({
    method: 'POST',
    path: '/api/v1/namespaces/default/services',
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'reports' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    },
  })
  await expect
    .poll(() => conditionOf(`v1.${group}`), patience)
    .toEqual(['True', 'Passed', 'all checks passed'])
  const [status, text] = await raw(`${reports}?labelSelector=a%3Db`)
  expect([status, JSON.parse(text).items.length]).toEqual([200, 1])
  expect(extension.seen).toContain(
    `GET ${reports}?labelSelector=a%3Db as kubernetes-admin of system:masters, system:authenticated by front-proxy-client`,
  )
  expect((await json(`${reports}/a%20b`)).metadata.name).toBe('a b')
  expect((await raw(`${reports}/none`))[0]).toBe(404)
})

test('watches pass through', async () => {
  const abort = new AbortController()
  const events = transport.watch({
    method: 'GET',
    path: reports,
    query: { watch: 'true' },
    signal: abort.signal,
  })
  for await (const batch of events) {
    expect(batch.map(({ type }) => type)).toEqual(['ADDED'])
    break
  }
  abort.abort()
})

test('discovery and OpenAPI have what the other server says', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const ofGroup = async () =>
    (await json('/apis', accept)).items.find(
      ({ metadata }: { metadata: { name: string } }) => metadata.name === group,
    )
  await expect.poll(async () => (await ofGroup())?.versions[0]?.freshness, patience).toBe('Current')
  expect((await ofGroup()).versions[0].resources).toEqual([
    {
      resource: 'reports',
      responseKind: { group, version: 'v1', kind: 'Report' },
      scope: 'Namespaced',
      singularResource: 'report',
      verbs: ['get', 'list', 'watch'],
      shortNames: ['rep'],
    },
  ])
  const plain = await json('/apis')
  const names = plain.groups.map(({ name }: { name: string }) => name)
  expect(names[0]).toBe('apiregistration.k8s.io')
  expect(names.at(-1)).toBe(group)
  expect((await json(`/apis/${group}`)).preferredVersion.version).toBe('v1')
  expect((await json(`/apis/${group}/v1`)).resources[0].name).toBe('reports')
  const { paths } = await json('/openapi/v3')
  const url = paths[`apis/${group}/v1`].serverRelativeURL
  expect((await json(url)).components.schemas['com.example.Report'].description).toBe('A report.')
  const swagger = await json('/openapi/v2')
  expect(swagger.paths[`/apis/${group}/v1/reports`]).toBeDefined()
  expect(swagger.paths['/apis/other.example.com/v1/things']).toBeUndefined()
  expect(
    Object.keys(swagger.definitions)
      .filter((name) => name.startsWith('com.example'))
      .sort(),
  ).toEqual(['com.example.Page', 'com.example.Report'])
})

test('a server that goes away is noticed, and what is deleted is forgotten', async () => {
  await extension.close()
  await transport.request({
    method: 'PATCH',
    path: `${apiServicePath}/v1.${group}`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { labels: { seen: 'again' } } },
  })
  await expect.poll(async () => (await conditionOf(`v1.${group}`))[1], patience).toBe('FailedDiscoveryCheck')
  expect((await raw(reports))[0]).toBe(503)
  expect((await raw('/metrics'))[1]).toContain(
    `aggregator_unavailable_apiservice_total{name="v1.${group}",reason="FailedDiscoveryCheck"} 1`,
  )
  await transport.request({ method: 'DELETE', path: `${apiServicePath}/v1.${group}` })
  await expect.poll(async () => (await raw(`/apis/${group}`))[0], patience).toBe(404)
})
