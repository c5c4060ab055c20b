import { afterEach, beforeEach, expect, test } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import { realHost } from '../../base/host/real-host.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const maps = '/api/v1/namespaces/a/configmaps'
const option = 'ignoreStoreReadErrorWithClusterBreakingPotential=true'
const prefix = '/registry/configmaps/a'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const short = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"short"'
const values: readonly (readonly [string, string, string])[] = [
  [
    'short',
    short,
    "object not decodable revision=2: couldn't get version/kind; json parse error: unexpected end of JSON input",
  ],
  [
    'secret',
    'k8s:enc:garbage',
    'data from the storage is not transformable revision=0: identity transformer tried to read encrypted data',
  ],
  [
    'other',
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"other"}}',
    'object not decodable revision=4: converting (v1.Pod) to ConfigMap: unknown conversion',
  ],
]

let storage: MemoryStorage
let server: TestServer
const start = async (allowed: boolean) => {
  const features = featureGates(new Map([['AllowUnsafeMalformedObjectDeletion', allowed]]))
  server = await startTestServer({ storage, features, sharedStorage: true })
}
const write = (name: string, text: string) =>
  storage.commit([{ type: 'put', key: `${prefix}/${name}`, value: bytes(text) }], [])

beforeEach(async () => {
  storage = new MemoryStorage({ host: realHost })
  for (const [name, text] of values) await write(name, text)
})
afterEach(() => server.close())

test('what cannot be read is told of, and nothing else suffers', async () => {
  await start(true)
  for (const [name, , why] of values) {
    const { status, text } = await server.call('GET', `${maps}/${name}`)
    const key = `/configmaps/a/${name}`
    expect([status, JSON.parse(text).message]).toEqual([
      500,
      `Internal error occurred: StorageError: corrupt object, Code: 7, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
    ])
    const put = await server.call('PUT', `${maps}/${name}`, { metadata: { name } })
    expect([put.status, JSON.parse(put.text).message]).toEqual([500, why])
  }
  const { reason, details } = JSON.parse((await server.call('GET', maps)).text)
  expect([reason, details.causes.map(({ field }: { field: string }) => field)]).toEqual([
    'StorageReadError',
    ['other', 'secret', 'short'].map((name) => `${prefix}/${name}`),
  ])
  expect((await server.call('GET', '/api/v1/namespaces/b/configmaps')).status).toBe(200)
  expect((await server.call('POST', maps, { metadata: { name: 'short' } })).status).toBe(409)
})

test('what cannot be read is deleted by those who say that they know what they do', async () => {
  await start(true)
  expect((await server.call('DELETE', `${maps}/short`)).status).toBe(500)
  expect((await server.call('DELETE', `${maps}/short?${option}&dryRun=All`)).text).toContain(
    'cannot be set together with .dryRun',
  )
  expect((await server.call('DELETE', `${maps}?${option}`)).text).toContain(
    'is not allowed with DELETECOLLECTION',
  )
  for (const [name] of values)
    expect((await server.call('DELETE', `${maps}/${name}?${option}`)).status).toBe(200)
  expect((await server.call('GET', maps)).status).toBe(200)
  expect((await server.call('POST', maps, { metadata: { name: 'short' } })).status).toBe(201)
  expect((await server.call('DELETE', `${maps}/short?${option}`)).text).toContain(
    'is exclusively used to delete corrupt object(s), try again by removing this option',
  )
})

test('the option does nothing where its gate is off', async () => {
  await start(false)
  const { status, text } = await server.call('DELETE', `${maps}/secret?${option}`)
  expect([status, JSON.parse(text).message]).toEqual([500, `Internal error occurred: ${values[1]?.[2]}`])
})

test('an object that is spoiled while it is watched is not told to be gone', async () => {
  await start(true)
  await server.call('POST', '/api/v1/namespaces/b/configmaps', { metadata: { name: 'x' } })
  const watch = await server.watch('/api/v1/namespaces/b/configmaps?watch=1')
  await storage.commit([{ type: 'put', key: '/registry/configmaps/b/x', value: bytes(short) }], [])
  await server.call('GET', '/api/v1/namespaces/b/configmaps/x')
  expect(watch.events().map(({ type }) => type)).toEqual(['ADDED'])
  expect(watch.ended).toBe(true)
  expect((await server.call('GET', '/api/v1/namespaces/b/configmaps/x')).status).toBe(500)
})
