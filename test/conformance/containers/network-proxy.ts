import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import type { Behave, Table } from '../support/suite.ts'
import { talkingServer } from './net-servers.ts'

const labels = { app: 'proxied' }

const ports = [
  { name: 'portname1', port: 80, targetPort: 'dest1' },
  { name: 'portname2', port: 81, targetPort: 162 },
  { name: 'tlsportname1', port: 443, targetPort: 'tlsdest1' },
  { name: 'tlsportname2', port: 444, targetPort: 462 },
]

const link = (path: string): string => `<a href="${path}">test</a>`

/** What is proxied, by scheme, port and what is said there; a link in it points through the proxy again. */
const throughService = [
  ['', 'portname1', 'foo'],
  ['http', 'portname1', 'foo'],
  ['', 'portname2', 'bar'],
  ['http', 'portname2', 'bar'],
  ['https', 'tlsportname1', 'tls baz'],
  ['https', 'tlsportname2', 'tls qux'],
] as const
const throughPod = [
  ['', '', '/rewriteme'],
  ['', '1080', '/rewriteme'],
  ['http', '1080', '/rewriteme'],
  ['', '160', 'foo'],
  ['http', '160', 'foo'],
  ['', '162', 'bar'],
  ['http', '162', 'bar'],
  ['https', '443', '/tlsrewriteme'],
  ['https', '460', 'tls baz'],
  ['https', '462', 'tls qux'],
] as const

const target = (scheme: string, name: string, port: string): string =>
  scheme === '' && port === '' ? name : scheme === '' ? `${name}:${port}` : `${scheme}:${name}:${port}`

const proxies: Behave<ContainerGround> = async (ground) => {
  await ground.create('services', { metadata: { name: 'service' }, spec: { selector: labels, ports } })
  const sayings = {
    http: { 80: link('/rewriteme'), 1080: link('/rewriteme'), 160: 'foo', 162: 'bar' },
    https: { 443: link('/tlsrewriteme'), 460: 'tls baz', 462: 'tls qux' },
  }
  const containerPorts = [
    { containerPort: 80 },
    { name: 'dest1', containerPort: 160 },
    { name: 'dest2', containerPort: 162 },
    { name: 'tlsdest1', containerPort: 460 },
    { name: 'tlsdest2', containerPort: 462 },
  ]
  const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 1 }
  const container = { ports: containerPorts, readinessProbe }
  await ground.start(talkingServer('pod', sayings, { labels, container }))
  await ground.ready('pod')
  const answers = async (resource: string, rows: readonly (readonly [string, string, string])[]) => {
    for (const [scheme, port, said] of rows) {
      const name = resource === 'pods' ? 'pod' : 'service'
      const path = `${ground.path(`${resource}/${target(scheme, name, port)}`)}/proxy`
      const expected = said.startsWith('/') ? link(`${path}${said}`) : said
      await ground.eventually(async () => {
        const { status, text } = await ground.raw(`${path}/`)
        expect([path, status, text]).toEqual([path, 200, expected])
      })
    }
  }
  await answers('services', throughService)
  await answers('pods', throughPod)
}

const start = async (ground: ContainerGround): Promise<readonly string[]> => {
  const [name, port] = ['target', 80]
  await ground.create('services', {
    metadata: { name },
    spec: { selector: labels, ports: [{ port, targetPort: port }] },
  })
  await ground.start(talkingServer(name, { http: { [port]: 'foo' }, json: true }, { labels }))
  await ground.ready(name)
  return ['pods', 'services'].map((resource) => `${ground.path(`${resource}/${name}`)}/proxy`)
}

const answers = (ground: ContainerGround, path: string, method: string) =>
  ground.eventually(async () => {
    const { status, text } = await ground.raw(path, { method })
    expect(status, `${method} ${path}`).toBe(200)
    if (method !== 'HEAD') expect(JSON.parse(text)).toEqual({ method, body: 'foo' })
  })

const withPath: Behave<ContainerGround> = async (ground) => {
  for (const path of await start(ground)) {
    for (const method of ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])
      await answers(ground, `${path}/some/path/with/${method}`, method)
  }
}

const withoutPath: Behave<ContainerGround> = async (ground) => {
  for (const path of await start(ground)) {
    for (const method of ['DELETE', 'OPTIONS', 'PATCH', 'POST', 'PUT'])
      await answers(ground, `${path}?method=${method}`, method)
    for (const method of ['GET', 'HEAD']) {
      const { status, location } = await ground.raw(`${path}?method=${method}`, { method })
      expect(status, method).toBe(301)
      expect(location).toContain(`${path}/?method=${method}`)
    }
  }
}

const version1 = '[sig-network] Proxy version v1'

/** Through the API server to pods and Services. */
export const networkProxy: Table<ContainerGround> = {
  [`${version1} should proxy through a service and a pod`]: proxies,
  [`${version1} A set of valid responses are returned for both pod and service ProxyWithPath`]: withPath,
  [`${version1} A set of valid responses are returned for both pod and service Proxy`]: withoutPath,
}
