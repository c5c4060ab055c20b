import { afterEach, beforeEach, expect, test } from 'vitest'
import type { core } from '../api/generated/types/index.ts'
import { defineKind } from '../apimachinery/define-kind.ts'
import { statusError } from '../apimachinery/status-error.ts'
import { silentLogger } from '../base/logger.ts'
import type { VirtualHost } from '../base/virtual-host.ts'
import type { Client } from './client.ts'
import { createClient } from './create-client.ts'
import type { InformerFactory } from './informer.ts'
import { createInformerFactory } from './informer-factory.ts'
import { FakeApi } from './testing/fake-api.ts'
import { testHost } from './testing/test-host.ts'

const ConfigMap = defineKind<core.v1.ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ConfigMap',
})

let host: VirtualHost
let api: FakeApi
let client: Client
let factory: InformerFactory

beforeEach(() => {
  host = testHost()
  api = new FakeApi(host)
  client = createClient(api)
  factory = createInformerFactory({ client, host, logger: silentLogger })
})

afterEach(async () => {
  const stopped = factory.stop()
  await host.advance(1)
  await stopped
})

const make = async (name: string, data: Record<string, string> = {}): Promise<core.v1.ConfigMap> => {
  const created = client
    .resource(ConfigMap)
    .create({ metadata: { name, namespace: 'default', labels: { app: name } }, data })
  await host.advance(1)
  return created
}

const names = (objects: readonly core.v1.ConfigMap[]): readonly (string | undefined)[] =>
  objects.map((object) => object.metadata?.name).sort()

function log(selection = {}): string[] {
  const seen: string[] = []
  factory.informer(ConfigMap, selection).onChange((object, old) => {
    const what = object === undefined ? 'deleted' : old === undefined ? 'added' : 'changed'
    seen.push(`${what} ${(object ?? old)?.metadata?.name}`)
  })
  return seen
}

test('informer() holds what is there and follows what changes', async () => {
  await make('a')
  const seen = log()
  const informer = factory.informer(ConfigMap)
  expect(informer.synced).toBe(false)
  await host.advance(1)
  expect(informer.synced).toBe(true)
  await informer.whenSynced()
  const b = await make('b', { x: '1' })
  const update = client.resource(ConfigMap).update({ ...b, data: { x: '2' } })
  await host.advance(1)
  await update
  const deletion = client.resource(ConfigMap).delete('default', 'a')
  await host.advance(1)
  await deletion
  expect(seen).toEqual(['added a', 'added b', 'changed b', 'deleted a'])
  expect(names(informer.lister.list())).toEqual(['b'])
  expect(informer.lister.get('default', 'b')?.data).toEqual({ x: '2' })
  expect(informer.resourceVersion).toBe(api.revision)
})

test('informer() is shared by those who ask for the same selection', async () => {
  expect(factory.informer(ConfigMap)).toBe(factory.informer(ConfigMap, {}))
  const selected = factory.informer(ConfigMap, { labelSelector: 'app=a' })
  expect(selected).not.toBe(factory.informer(ConfigMap))
  await make('a')
  await make('b')
  expect(names(selected.lister.list())).toEqual(['a'])
})

test('onChange() calls a late handler for what is in the cache, and no handler after its removal', async () => {
  const informer = factory.informer(ConfigMap)
  await make('a')
  const seen: string[] = []
  const remove = informer.onChange((object) => seen.push(object?.metadata?.name ?? ''))
  expect(seen).toEqual(['a'])
  remove()
  await make('b')
  expect(seen).toEqual(['a'])
})

test('addIndexers() indexes what is there and what comes', async () => {
  const informer = factory.informer(ConfigMap)
  await make('a', { color: 'red' })
  informer.addIndexers({ color: (object) => Object.values(object.data ?? {}) })
  await make('b', { color: 'red' })
  const c = await make('c', { color: 'blue' })
  expect(names(informer.lister.byIndex('color', 'red'))).toEqual(['a', 'b'])
  const update = client.resource(ConfigMap).update({ ...c, data: { color: 'red' } })
  await host.advance(1)
  await update
  expect(names(informer.lister.byIndex('color', 'red'))).toEqual(['a', 'b', 'c'])
  expect(informer.lister.byIndex('color', 'blue')).toEqual([])
  expect(() => informer.addIndexers({ color: () => [] })).toThrow('added twice')
})

test('an informer resumes a dropped watch from where it was', async () => {
  const seen = log()
  await host.advance(1_000)
  await make('a')
  api.dropWatches()
  await make('b')
  await host.advance(2_000)
  expect(seen).toEqual(['added a', 'added b'])
  const watches = api.requests.filter(({ query }) => query?.watch === 'true')
  expect(watches.map(({ query }) => query?.resourceVersion)).toEqual([undefined, '101'])
})

test('an informer reads everything again after 410, and reports the differences', async () => {
  const seen = log()
  await make('a')
  const b = await make('b')
  const down = (): never => {
    throw statusError('ServiceUnavailable', 'down')
  }
  let isDown = true
  api.interceptors.push((request) => (isDown && request.query?.watch === 'true' ? down() : undefined))
  api.dropWatches()
  const changes = Promise.all([
    client.resource(ConfigMap).delete('default', 'a'),
    client.resource(ConfigMap).update({ ...b, data: { x: '1' } }),
  ])
  await host.advance(10)
  await changes
  await make('c')
  api.forgetHistory()
  isDown = false
  await host.advance(10_000)
  expect(seen).toEqual(['added a', 'added b', 'changed b', 'added c', 'deleted a'])
})

test('an informer backs off from 800 ms while the server is away', async () => {
  const attempts: number[] = []
  api.interceptors.push(() => {
    attempts.push(host.monotonicMs())
    throw statusError('ServiceUnavailable', 'connection refused')
  })
  factory.informer(ConfigMap)
  await host.advance(20_000)
  const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0))
  expect(pauses.length).toBeGreaterThanOrEqual(3)
  for (const [index, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThanOrEqual(800 * 2 ** index)
    expect(pause).toBeLessThan(800 * 2 ** index * 2 + 1)
  }
})

test('hindrances() says why what is followed has no state yet', async () => {
  let isAway = true
  api.interceptors.push(() => {
    if (isAway) throw statusError('InternalError', 'not transformable')
    return undefined
  })
  factory.informer(ConfigMap)
  const sink = { replace: async () => {}, apply: async () => {}, progress: () => {} }
  const following = factory.follow(ConfigMap, sink)
  expect(factory.hindrances()).toEqual(new Map())
  await host.advance(100)
  expect(factory.hindrances()).toEqual(
    new Map([['configmaps', expect.objectContaining({ reason: 'InternalError' })]]),
  )
  isAway = false
  await host.advance(10_000)
  await following.whenSynced()
  expect(factory.hindrances()).toEqual(new Map())
})

test('an informer lists from a server that cannot stream the state', async () => {
  await make('a')
  api.interceptors.push((request) => {
    if (request.query?.sendInitialEvents === undefined) return undefined
    throw statusError('Invalid', 'sendInitialEvents: Forbidden')
  })
  const seen = log()
  await host.advance(1)
  await make('b')
  expect(seen).toEqual(['added a', 'added b'])
  expect(host.monotonicMs()).toBeLessThan(100)
})

test('waitFor() resolves when the cache has reached a revision, lost a uid, or the time is over', async () => {
  const informer = factory.informer(ConfigMap)
  await host.advance(1)
  const creation = client.resource(ConfigMap).create({ metadata: { name: 'a', namespace: 'default' } })
  let reached: boolean | undefined
  const reaching = creation.then(async (created) => {
    reached = await informer.waitFor({ resourceVersion: Number(created.metadata?.resourceVersion) }, 1_000)
    return created
  })
  await host.advance(10)
  expect(reached).toBe(true)
  const uid = (await reaching).metadata?.uid ?? ''
  const gone = informer.waitFor({ deletedUid: uid }, 1_000)
  const deletion = client.resource(ConfigMap).delete('default', 'a')
  await host.advance(10)
  await deletion
  expect(await gone).toBe(true)
  const late = informer.waitFor({ resourceVersion: api.revision + 1 }, 1_000)
  await host.advance(1_000)
  expect(await late).toBe(false)
})

test('a bookmark counts as progress', async () => {
  const informer = factory.informer(ConfigMap, { labelSelector: 'app=none' })
  await make('a')
  const waiting = informer.waitFor({ resourceVersion: api.revision }, 1_000)
  api.bookmark()
  await host.advance(1)
  expect(await waiting).toBe(true)
})

test('follow() brings the state and then the changes to a sink', async () => {
  await make('a')
  const seen: string[] = []
  const followed = factory.follow(ConfigMap, {
    replace: async (objects) => void seen.push(`state of ${objects.length}`),
    apply: async (events) => void seen.push(...events.map(({ type }) => type)),
    progress: () => {},
  })
  await host.advance(1)
  await followed.whenSynced()
  await make('b')
  expect(seen).toEqual(['state of 1', 'ADDED'])
})

test('stop() rejects those who wait for the first list', async () => {
  api.interceptors.push(() => {
    throw statusError('ServiceUnavailable', 'connection refused')
  })
  const informer = factory.informer(ConfigMap)
  const waiting = informer.whenSynced()
  await host.advance(10)
  const stopped = factory.stop()
  await expect(waiting).rejects.toThrow('the informer of configmaps is stopped')
  await stopped
})

test('an informer keeps no managed fields, whether an object was listed or watched', async () => {
  const managedFields = [{ manager: 'me', operation: 'Update', fieldsV1: { 'f:data': {} } }]
  const create = async (name: string): Promise<void> => {
    const created = client
      .resource(ConfigMap)
      .create({ metadata: { name, namespace: 'default', managedFields, labels: { app: name } } })
    await host.advance(1)
    expect((await created).metadata?.managedFields).toEqual(managedFields)
  }
  await create('listed')
  const informer = factory.informer(ConfigMap)
  await host.advance(10)
  await create('watched')
  await host.advance(10)
  for (const name of ['listed', 'watched']) {
    const { metadata } = informer.lister.get('default', name) ?? {}
    expect(metadata).toMatchObject({ name, labels: { app: name } })
    expect(metadata).not.toHaveProperty('managedFields')
  }
})

test('an informer keeps once what its objects have in common', async () => {
  const informer = factory.informer(ConfigMap)
  await host.advance(10)
  const create = async (name: string, data: Readonly<Record<string, string>>): Promise<void> => {
    const created = client.resource(ConfigMap).create({ metadata: { name, namespace: 'default' }, data })
    await host.advance(10)
    await created
  }
  await create('one', { a: 'b' })
  await create('two', { a: 'b' })
  await create('other', { a: 'c' })
  const dataOf = (name: string): unknown => informer.lister.get('default', name)?.data
  expect(dataOf('two')).toBe(dataOf('one'))
  expect(dataOf('other')).toEqual({ a: 'c' })
})
