import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WatchEvent } from '../apimachinery/meta.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import { testKinds } from './testing/test-kinds.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ kinds: testKinds })
})
afterAll(() => server.close())

const path = '/api/v1/namespaces/default/configmaps'
const body = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' } })
const create = (name: string) => server.transport.request({ method: 'POST', path, body: body(name) })

describe('InProcessTransport', () => {
  test('hands out the very objects of the cache', async () => {
    const created = await create('shared')
    const first = await server.transport.request({ method: 'GET', path: `${path}/shared` })
    const second = await server.transport.request({ method: 'GET', path: `${path}/shared` })
    expect(created.status).toBe(201)
    expect(first.body).toBe(second.body)
    expect(Object.isFrozen(first.body)).toBe(false)
    const overSocket = await server.call('GET', `${path}/shared`)
    expect(JSON.parse(overSocket.text)).toEqual(first.body)
  })

  test('throws what is refused', async () => {
    const refused = server.transport.request({ method: 'GET', path: `${path}/none` })
    await expect(refused).rejects.toThrow(StatusError)
    await expect(refused).rejects.toMatchObject({ code: 404, reason: 'NotFound' })
    await expect(server.transport.request({ method: 'GET', path: '/nowhere' })).rejects.toMatchObject({
      code: 404,
      message: 'the server could not find the requested resource',
    })
  })

  test('refuses an object that a socket would change', async () => {
    const odd = { ...body('odd'), data: { a: '1', when: new Date(0) } }
    await expect(server.transport.request({ method: 'POST', path, body: odd })).rejects.toThrow()
  })

  test('lists, with kinds on the items', async () => {
    await create('listed')
    const { body: list } = await server.transport.request({ method: 'GET', path, query: { limit: '500' } })
    expect(list).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' })
  })

  test('watches in batches until the signal aborts', async () => {
    const stop = new AbortController()
    const seen: string[] = []
    const { resourceVersion = '' } =
      ((await create('before')).body as { metadata: { resourceVersion: string } }).metadata ?? {}
    const watching = (async () => {
      const query = { watch: 'true', resourceVersion }
      const request = { method: 'GET', path, query, signal: stop.signal } as const
      for await (const batch of server.transport.watch(request))
        seen.push(...batch.map(({ type, object }: WatchEvent) => `${type} ${object.metadata?.name}`))
    })()
    await create('one')
    await create('two')
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    await watching
    expect(seen).toEqual(['ADDED one', 'ADDED two'])
  })

  test('passes warnings on', async () => {
    const { warnings } = await server.transport.request({
      method: 'POST',
      path,
      body: { ...body('warned'), data: { old: '' } },
    })
    expect(warnings).toEqual(['data[old]: is deprecated'])
  })
})
