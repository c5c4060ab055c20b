import { afterEach, beforeEach, expect, test } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import { maxDepth } from '../../apimachinery/codec/json-scan.ts'
import { realHost } from '../../base/host/real-host.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import type { Storage } from '../../storage/storage.ts'
import {
  type CustomServer,
  noxu,
  noxuDefinition,
  noxusPath,
  startCustomServer,
} from './testing/custom-server.ts'

const features = featureGates(new Map([['CBORServingAndStorage', true]]))
const own = `${noxusPath}/a`
/** Of a specification, in an object as deep as may be. */
const levels = maxDepth - 1
/** The object is read in the slow way. */
const long = '1234567890123456'

let server: CustomServer
let stops: (() => Promise<void>)[] = []

async function start(storage: Storage): Promise<CustomServer> {
  const started = await startCustomServer({ features, storage })
  stops.push(started.stop)
  return started
}

beforeEach(async () => {
  server = await start(new MemoryStorage({ host: realHost }))
  await server.define(noxuDefinition({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }))
})

afterEach(async () => {
  for (const stop of stops) await stop()
  stops = []
})

function nested(count: number, leaf: unknown): unknown {
  let value = leaf
  for (let level = 0; level < count; level++) value = { a: value }
  return value
}

async function statusOf(method: string, path: string, body?: unknown, headers = {}): Promise<number> {
  return (await server.call(method, path, body, headers)).status
}

const patched = (type: string, body: unknown, path = own): Promise<number> =>
  statusOf('PATCH', path, body, { 'content-type': `application/${type}` })

test('an object as deep as may be is written, changed and read in every form, also by a server that starts anew', async () => {
  expect(await statusOf('POST', noxusPath, noxu('a', { spec: nested(levels, 1) }))).toBe(201)
  expect(await patched('merge-patch+json', { spec: nested(levels, 2) })).toBe(200)
  expect(
    await patched('json-patch+json', [{ op: 'replace', path: '/spec/a', value: nested(levels - 1, long) }]),
  ).toBe(200)
  const applied = `${own}?fieldManager=x&force=true`
  expect(await patched('apply-patch+yaml', noxu('a', { spec: nested(levels, long) }), applied)).toBe(200)
  server = await start(server.storage)
  const table = 'application/json;as=Table;g=meta.k8s.io;v=v1'
  for (const accept of ['application/json', 'application/yaml', 'application/cbor', table])
    for (const path of [own, noxusPath]) expect(await statusOf('GET', path, undefined, { accept })).toBe(200)
  expect(await patched('merge-patch+json', { metadata: { labels: { a: 'b' } } })).toBe(200)
  expect(await statusOf('DELETE', own)).toBe(200)
})

test('a patch makes no object deeper than one may be', async () => {
  expect(await statusOf('POST', noxusPath, noxu('a', { spec: nested(levels, 1) }))).toBe(201)
  const path = `/spec${'/a'.repeat(levels)}`
  const answer = await server.call('PATCH', own, [{ op: 'replace', path, value: [] }], {
    'content-type': 'application/json-patch+json',
  })
  expect(answer.status).toBe(422)
  expect(answer.text).toMatch(/patch: Invalid value: .*: invalid character '\[' exceeded max depth"/)
  const deeper = [{ op: 'replace', path, value: nested(levels - 2, 1) }]
  expect(await patched('json-patch+json', deeper)).toBe(422)
})
