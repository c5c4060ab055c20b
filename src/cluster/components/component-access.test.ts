import { expect, test } from 'vitest'
import type { ServerRequest } from '../../apiserver/request.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { ComponentAccess, type ComponentAccessOptions } from './component-access.ts'

/** `jane` is known and may see metrics; `asked` is what the API was asked. */
function setUp(more: Partial<ComponentAccessOptions> = {}) {
  const asked: string[] = []
  const api = new FakeApi(testHost())
  const client = createClient({
    ...{ watch: api.watch.bind(api), close: () => api.close() },
    request: async ({ body }) => {
      const { kind, spec } = JSON.parse(JSON.stringify(body))
      asked.push(kind === 'TokenReview' ? spec.token : `${spec.user} ${spec.nonResourceAttributes.path}`)
      const known = { authenticated: spec.token === 'jane', user: { username: 'jane', groups: ['dev'] } }
      const status = { ...known, allowed: spec.nonResourceAttributes?.path === '/metrics' }
      return { status: 201, body: { kind, status }, warnings: [] }
    },
  })
  const lives = { tokenLifeMs: 10_000, allowedLifeMs: 10_000, deniedLifeMs: 10_000 }
  const access = new ComponentAccess({
    ...{ authentication: client, authorization: client, openPaths: ['/healthz', '/open/*'] },
    ...{ ...lives, ...more },
  })
  return { access, asked }
}

/** With a token, or as a front proxy that speaks for somebody. */
function request(headers: Readonly<Record<string, string>>, signedBy: readonly string[] = []): ServerRequest {
  const source = {
    connection: {
      remoteAddress: '',
      ...(signedBy.length === 0 ? {} : { clientCertificate: { der: new Uint8Array(), signedBy } }),
    },
    headerNames: () => Object.keys(headers),
    headerValues: (name: string) => (headers[name] === undefined ? [] : [headers[name]]),
  }
  return { source, header: (name: string) => headers[name], warn: () => {} } as unknown as ServerRequest
}

test('ComponentAccess asks the API server once for as long as an answer counts', async () => {
  const { access, asked } = setUp()
  const user = await access.userOf(request({ authorization: 'Bearer jane' }))
  expect(user).toEqual({ name: 'jane', groups: ['dev'] })
  await access.userOf(request({ authorization: 'Bearer jane' }))
  expect(await access.mayDo(user, '/metrics', 'get')).toBe(true)
  expect(await access.mayDo(user, '/metrics', 'get')).toBe(true)
  expect(await access.mayDo(user, '/flagz', 'get')).toBe(false)
  expect(asked).toEqual(['jane', 'jane /metrics', 'jane /flagz'])
})

test('ComponentAccess asks each time where answers do not count', async () => {
  const { access, asked } = setUp({ tokenLifeMs: 0, allowedLifeMs: 0 })
  for (const _ of [1, 2]) {
    const user = await access.userOf(request({ authorization: 'Bearer jane' }))
    await access.mayDo(user, '/metrics', 'get')
  }
  expect(asked).toEqual(['jane', 'jane /metrics', 'jane', 'jane /metrics'])
})

test('ComponentAccess refuses a token that nobody knows, and knows nobody where it cannot ask', async () => {
  const { access } = setUp()
  await expect(access.userOf(request({ authorization: 'Bearer eve' }))).rejects.toThrow('unknown')
  const { access: alone } = setUp({ authentication: undefined, authorization: undefined })
  expect(await alone.userOf(request({}))).toMatchObject({ name: 'system:anonymous' })
  expect(await alone.mayDo({ name: 'jane', groups: [] }, '/metrics', 'get')).toBe(false)
})

test('ComponentAccess believes a front proxy by the headers that it is told of', async () => {
  const { access } = setUp()
  const proxied = request({ 'x-caller': 'jane', 'x-group': 'dev' }, ['front-proxy'])
  await expect(access.userOf(proxied)).rejects.toThrow('unknown authority')
  access.trust({
    ...{ authority: '', allowedNames: [], usernameHeaders: ['X-Caller'], groupHeaders: ['X-Group'] },
    ...{ uidHeaders: [], extraHeaderPrefixes: [] },
  })
  expect(await access.userOf(proxied)).toMatchObject({
    name: 'jane',
    groups: ['dev', 'system:authenticated'],
  })
  expect((await access.userOf(request({ 'x-caller': 'jane' }))).name).toBe('system:anonymous')
})

test('ComponentAccess leaves open paths open', () => {
  const { access } = setUp()
  expect(['/healthz', '/open/x', '/healthz/etcd', '/metrics'].map((path) => access.isOpen(path))).toEqual([
    ...[true, true, false, false],
  ])
})
