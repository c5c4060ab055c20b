import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import { testKinds } from '../testing/test-kinds.ts'
import { startTestServer, type TestServer, type WatchLines } from '../testing/test-server.ts'

let host: VirtualHost
let server: TestServer
beforeEach(async () => {
  host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  server = await startTestServer({ kinds: testKinds, host })
})
afterEach(() => server.close())

const maps = '/api/v1/namespaces/a/configmaps'
const all = '/api/v1/configmaps'

const configMap = (name: string, labels: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
})

async function put(name: string, labels: object = {}, namespace = 'a'): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  const created = await server.call('POST', path, configMap(name, labels))
  const answer =
    created.status === 409 ? await server.call('PUT', `${path}/${name}`, configMap(name, labels)) : created
  return JSON.parse(answer.text).metadata.resourceVersion
}

const remove = (name: string) => server.call('DELETE', `${maps}/${name}`)

/** `ADDED x`, and a bookmark's version. */
function told(lines: WatchLines): readonly string[] {
  return lines.events().map(({ type, object }) => {
    const metadata = object['metadata'] as { name?: string; annotations?: Record<string, string> } | undefined
    if (type === 'ERROR') return `ERROR ${object['code']} ${object['message']}`
    if (type !== 'BOOKMARK') return `${type} ${metadata?.name}`
    return metadata?.annotations === undefined ? 'BOOKMARK' : `BOOKMARK ${Object.keys(metadata.annotations)}`
  })
}

describe('WATCH', () => {
  test('begins with what is there, then tells each change', async () => {
    await put('x')
    const watch = await server.watch(`${maps}?watch=true`)
    await put('x', { a: 'b' })
    await put('y')
    await remove('x')
    await put('z', {}, 'other')
    expect(told(watch)).toEqual(['ADDED x', 'MODIFIED x', 'ADDED y', 'DELETED x'])
    const [, modified, , deleted] = watch.events()
    const versionOf = (event: typeof modified) =>
      Number((event?.object['metadata'] as { resourceVersion: string } | undefined)?.resourceVersion)
    expect(versionOf(deleted)).toBeGreaterThan(versionOf(modified))
  })

  test('goes on after a version', async () => {
    const version = await put('x')
    await put('y')
    await put('x', { a: 'b' })
    const watch = await server.watch(`${maps}?watch=true&resourceVersion=${version}`)
    await remove('y')
    expect(told(watch)).toEqual(['ADDED y', 'MODIFIED x', 'DELETED y'])
  })

  test('shows what begins and what ceases to match', async () => {
    const version = await put('x', { app: 'web' })
    const watch = await server.watch(`${all}?watch=1&resourceVersion=${version}&labelSelector=app%3Dweb`)
    await put('y', { app: 'db' })
    await put('y', { app: 'web' })
    await put('x', { app: 'db' })
    await put('x', { app: 'other' })
    expect(told(watch)).toEqual(['ADDED y', 'DELETED x'])
    const metadata = watch.events()[1]?.object['metadata']
    expect(metadata).toMatchObject({ labels: { app: 'web' } })
  })

  test('of one name, by field selector or the old path, tells only of that', async () => {
    const byField = await server.watch(`${maps}?watch=1&fieldSelector=metadata.name%3Dx`)
    const byPath = await server.watch('/api/v1/watch/namespaces/a/configmaps/x')
    await put('x')
    await put('y')
    await put('x', {}, 'other')
    expect(told(byField)).toEqual(['ADDED x'])
    expect(told(byPath)).toEqual(['ADDED x'])
  })

  test('of a field’s value tells of its comings and goings', async () => {
    const pods = '/api/v1/namespaces/a/pods'
    const pod = (nodeName: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }], nodeName },
    })
    const watch = await server.watch('/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn1')
    await server.call('POST', pods, pod('n0'))
    await server.call('PUT', `${pods}/p`, pod('n1'))
    await server.call('PUT', `${pods}/p`, pod('n2'))
    expect(told(watch)).toEqual(['ADDED p', 'DELETED p'])
  })

  test('marks the end of what was there for those who ask', async () => {
    await put('x')
    const watch = await server.watch(
      `${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    )
    await put('y')
    expect(told(watch)).toEqual(['ADDED x', 'BOOKMARK k8s.io/initial-events-end', 'ADDED y'])
    const bookmark = watch.events()[1]?.object
    expect(bookmark).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' })
  })

  test('gets a bookmark every minute, and one shortly before its end', async () => {
    const version = await put('x')
    const query = `watch=1&resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=130`
    const watch = await server.watch(`${maps}?${query}`)
    const plain = await server.watch(`${maps}?watch=1&resourceVersion=${version}&timeoutSeconds=130`)
    await host.advance(127_000)
    expect(told(watch)).toEqual(['BOOKMARK', 'BOOKMARK'])
    await host.advance(2000)
    expect(told(watch)).toEqual(['BOOKMARK', 'BOOKMARK', 'BOOKMARK'])
    expect(watch.ended).toBe(false)
    await host.advance(1000)
    expect([told(watch).length, watch.ended, told(plain), plain.ended]).toEqual([3, true, [], true])
  })

  test('lasts between half an hour and an hour when nothing is said', async () => {
    const watch = await server.watch(`${maps}?watch=1`)
    await host.advance(1_799_000)
    expect(watch.ended).toBe(false)
    await host.advance(1_801_000)
    expect(watch.ended).toBe(true)
  })

  test('of a forgotten version says 410 in its first event', async () => {
    const version = await put('x')
    for (let index = 0; index < 3; index++) await put('x', { index: String(index) })
    await server.storage.compact(await server.storage.currentRevision())
    server.core.cacheOf(kindOf('configmaps')).reset(await server.storage.currentRevision())
    const watch = await server.watch(`${maps}?watch=1&resourceVersion=${version}`)
    expect(told(watch)[0]).toMatch(/^ERROR 410 too old resource version: \d+ \(\d+\)$/)
    expect(watch.ended).toBe(true)
  })

  test('reads from the store what the history has dropped', async () => {
    const version = await put('x')
    await put('y')
    await remove('y')
    const cache = server.core.cacheOf(kindOf('configmaps'))
    const records = [...cache.values()]
    cache.reset(await server.storage.currentRevision())
    for (const record of records) {
      const entry = await server.storage.get(server.core.mirror.key(cache, record.id))
      if (entry !== undefined) cache.load(record.id, entry.value, entry.modRevision)
    }
    const watch = await server.watch(`${maps}?watch=1&resourceVersion=${version}`)
    await put('z')
    expect(told(watch)).toEqual(['ADDED y', 'DELETED y', 'ADDED z'])
  })

  test('is a table for those who want tables, with columns once', async () => {
    await put('x')
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const watch = await server.watch(`${maps}?watch=1`, { accept })
    await put('y')
    const tables = watch
      .events()
      .map(({ object }) => object as { columnDefinitions: unknown; rows: unknown[] })
    expect(tables.map(({ columnDefinitions }) => columnDefinitions === null)).toEqual([false, true])
    expect(tables[1]?.rows).toMatchObject([{ cells: ['y', expect.any(String)] }])
  })

  test('shares an event’s bytes among all who watch alike', async () => {
    const watches = await Promise.all(Array.from({ length: 3 }, () => server.watch(`${maps}?watch=1`)))
    await put('x')
    expect(new Set(watches.map(({ chunks }) => chunks[0])).size).toBe(1)
    const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
    const from = `${maps}?watch=1&resourceVersion=${await put('y')}`
    const mixed = []
    for (let index = 0; index < 4; index++)
      mixed.push(await server.watch(from, index % 2 === 0 ? {} : { accept }))
    await put('z')
    expect(new Set(mixed.map(({ chunks }) => chunks[0])).size).toBe(2)
  })

  test('of a client that reads nothing is cut off with what waits for it; others go on', async () => {
    const stalled = await server.watch(`${maps}?watch=1`)
    const other = await server.watch(`${maps}?watch=1`)
    stalled.stall()
    const data = { text: 'x'.repeat(1_000_000) }
    let written = 0
    for (; !stalled.ended && written < 40; written++)
      await server.call('POST', maps, { ...configMap(`m-${written}`), data })
    expect(written).toBe(17) // 16 MiB
    expect(stalled.unreadBytes).toBe(0)
    await server.call('POST', maps, configMap('last'))
    expect(told(other)).toHaveLength(18)
  })

  test('begins again only as fast as its client reads', async () => {
    const data = { text: 'x'.repeat(100_000) }
    for (let index = 0; index < 20; index++)
      await server.call('POST', maps, { ...configMap(`m-${index}`), data })
    const watch = await server.watch(`${maps}?watch=1`, {}, { stalled: true })
    expect(watch.unreadBytes).toBeLessThan(110_000)
    expect(watch.ended).toBe(false)
    watch.stop()
  })

  const refusals: readonly [string, number, string][] = [
    [
      'watch=1&resourceVersionMatch=Exact&resourceVersion=5',
      422,
      'resourceVersionMatch is forbidden for watch',
    ],
    ['watch=1&sendInitialEvents=true', 422, 'sendInitialEvents requires setting resourceVersionMatch'],
    ['watch=1&resourceVersion=x', 500, 'invalid syntax'],
  ]
  for (const [query, code, message] of refusals)
    test(`refuses ${query}`, async () => {
      const answer = await server.call('GET', `${maps}?${query}`)
      expect(answer.status).toBe(code)
      expect(answer.text).toContain(message)
    })

  test('in the form of lists ends with its first event, as upstream’s', async () => {
    const accept = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }
    const live = await server.watch(`${maps}?watch=1`, accept)
    expect(live.ended).toBe(false)
    await put('x')
    const replayed = await server.watch(`${maps}?watch=1`, accept)
    for (const watch of [live, replayed]) expect([watch.ended, watch.chunks]).toEqual([true, []])
  })

  test('ends when the client goes, and when the server closes', async () => {
    const gone = await server.watch(`${maps}?watch=1`)
    gone.stop()
    await put('x')
    expect(gone.chunks).toEqual([])
    const left = await server.watch(`${maps}?watch=1`)
    await server.server.close()
    expect(left.ended).toBe(true)
  })
})

function kindOf(resource: string) {
  const kind = testKinds.find((candidate) => candidate.resource === resource)
  if (kind === undefined) throw new Error(resource)
  return kind
}
