import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import type { KubernetesList, KubernetesObject, WatchEvent } from '../../apimachinery/meta.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { Transport } from '../../apimachinery/transport.ts'

export interface TransportUnderTest {
  readonly transport: Transport
  /** Ends the server and everything else; the transport has been closed. */
  close(): Promise<void>
}

const collection = '/api/v1/namespaces/default/configmaps'

type ConfigMap = core.v1.ConfigMap

class Watching {
  readonly events: WatchEvent[] = []
  readonly #abort = new AbortController()
  #wake: (() => void) | undefined
  readonly ended: Promise<void>

  constructor(transport: Transport, query: Readonly<Record<string, string>>) {
    this.ended = this.#run(transport, query)
    this.ended.catch(() => {})
  }

  async #run(transport: Transport, query: Readonly<Record<string, string>>): Promise<void> {
    const { signal } = this.#abort
    const request = { method: 'GET', path: collection, query: { watch: 'true', ...query }, signal } as const
    for await (const batch of transport.watch(request)) {
      this.events.push(...batch)
      this.#wake?.()
    }
  }

  async until(count: number): Promise<readonly string[]> {
    while (this.events.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.events.map(({ type, object }) => `${type} ${object.metadata?.name}`)
  }

  stop(): Promise<void> {
    this.#abort.abort()
    return this.ended
  }
}

/** The one suite that every Transport passes, on an API server that serves ConfigMaps. */
export function describeTransport(name: string, make: () => Promise<TransportUnderTest>): void {
  describe(name, () => {
    let subject: TransportUnderTest
    let transport: Transport

    beforeEach(async () => {
      subject = await make()
      transport = subject.transport
    })

    afterEach(async () => {
      await transport.close()
      await subject.close()
    })

    const create = async (mapName: string, data: Record<string, string> = {}): Promise<ConfigMap> => {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: mapName }, data }
      return (await transport.request({ method: 'POST', path: collection, body })).body as ConfigMap
    }
    const get = async (mapName: string): Promise<ConfigMap> =>
      (await transport.request({ method: 'GET', path: `${collection}/${mapName}` })).body as ConfigMap

    test('request() writes and reads', async () => {
      const created = await create('a', { text: 'grüße 🌍', empty: '' })
      expect(created.metadata?.uid).toBeTruthy()
      expect(await get('a')).toEqual(created)
      const updated = { ...created, data: { text: 'other' } }
      await transport.request({ method: 'PUT', path: `${collection}/a`, body: updated })
      expect((await get('a')).data).toEqual({ text: 'other' })
      const deletion = await transport.request({ method: 'DELETE', path: `${collection}/a` })
      expect(deletion.status).toBe(200)
      await expect(get('a')).rejects.toMatchObject({ reason: 'NotFound', code: 404 })
    })

    test('request() patches by media type', async () => {
      await create('a', { x: '1', y: '2' })
      const { body } = await transport.request({
        method: 'PATCH',
        path: `${collection}/a`,
        body: { data: { x: null, z: '3' } },
        contentType: 'application/merge-patch+json',
      })
      expect((body as ConfigMap).data).toEqual({ y: '2', z: '3' })
    })

    test('request() selects by query', async () => {
      await create('a')
      await create('b')
      const query = { fieldSelector: 'metadata.name=b' }
      const { body } = await transport.request({ method: 'GET', path: collection, query })
      expect((body as KubernetesList).items.map(({ metadata }) => metadata?.name)).toEqual(['b'])
    })

    test('request() throws what the server refuses as a StatusError', async () => {
      await create('a')
      const again = create('a')
      await expect(again).rejects.toBeInstanceOf(StatusError)
      await expect(again).rejects.toMatchObject({
        code: 409,
        reason: 'AlreadyExists',
        message: 'configmaps "a" already exists',
        status: { details: { name: 'a', kind: 'configmaps' } },
      })
      const stale = { ...(await get('a')), metadata: { name: 'a', resourceVersion: '1' } }
      const update = transport.request({ method: 'PUT', path: `${collection}/a`, body: stale })
      await expect(update).rejects.toMatchObject({ code: 409, reason: 'Conflict' })
    })

    test('request() carries a megabyte both ways', async () => {
      const text = 'x'.repeat(900_000)
      await create('big', { text })
      expect((await get('big')).data?.text).toHaveLength(text.length)
    })

    test('request() runs many at a time', async () => {
      await Promise.all(Array.from({ length: 200 }, (_, index) => create(`m${index}`)))
      const { body } = await transport.request({ method: 'GET', path: collection })
      expect((body as KubernetesList).items).toHaveLength(200)
    })

    test('request() does nothing for a signal that has aborted', async () => {
      const signal = AbortSignal.abort()
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }
      await expect(transport.request({ method: 'POST', path: collection, body, signal })).rejects.toThrow()
      await expect(get('a')).rejects.toMatchObject({ reason: 'NotFound' })
    })

    test('watch() delivers what happens after a revision, in order', async () => {
      const first = await create('a')
      const watching = new Watching(transport, { resourceVersion: first.metadata?.resourceVersion ?? '' })
      const b = await create('b')
      await transport.request({ method: 'PUT', path: `${collection}/b`, body: { ...b, data: { x: '1' } } })
      await transport.request({ method: 'DELETE', path: `${collection}/a` })
      expect(await watching.until(3)).toEqual(['ADDED b', 'MODIFIED b', 'DELETED a'])
      await watching.stop()
    })

    test('watch() begins with the state where that is asked for', async () => {
      await create('a')
      await create('b')
      const watching = new Watching(transport, {
        sendInitialEvents: 'true',
        resourceVersionMatch: 'NotOlderThan',
        allowWatchBookmarks: 'true',
      })
      const events = await watching.until(3)
      expect(events.slice(0, 2)).toEqual(['ADDED a', 'ADDED b'])
      const bookmark = watching.events[2]?.object as KubernetesObject
      expect(watching.events[2]?.type).toBe('BOOKMARK')
      expect(bookmark.metadata?.annotations?.['k8s.io/initial-events-end']).toBe('true')
      await create('c')
      expect((await watching.until(4)).at(-1)).toBe('ADDED c')
      await watching.stop()
    })

    test('watch() carries many events', async () => {
      const { metadata } = await create('first')
      const watching = new Watching(transport, { resourceVersion: metadata?.resourceVersion ?? '' })
      const text = 'x'.repeat(1_000)
      await Promise.all(Array.from({ length: 300 }, (_, index) => create(`m${index}`, { text })))
      const names = await watching.until(300)
      expect(new Set(names).size).toBe(300)
      await watching.stop()
    })

    test('watch() ends when its signal aborts', async () => {
      const watching = new Watching(transport, {})
      await watching.stop()
      await watching.ended
    })

    test('watch() throws what the server refuses', async () => {
      const query = { watch: 'true', labelSelector: 'a in (' }
      const watching = Array.fromAsync(transport.watch({ method: 'GET', path: collection, query }))
      await expect(watching).rejects.toMatchObject({ code: 400, reason: 'BadRequest' })
    })
  })
}
