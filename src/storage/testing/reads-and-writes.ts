import { expect, test } from 'vitest'
import { FutureRevisionError, GuardFailedError } from '../storage.ts'
import { bytes, dump, type MakeStorage, openFixture, put, remove, text } from './fixture.ts'

/** What only a store in this process promises. */
function describeOrder(make: MakeStorage): void {
  test('commit() takes effect in the order of the calls', async () => {
    const { storage } = await openFixture(make)
    const together = Array.from({ length: 20 }, (_, index) => put(storage, `/${index}`, 'x'))
    expect(await Promise.all(together)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2))
  })

  test('commit() of a delete of an absent key is a revision without changes', async () => {
    const { storage } = await openFixture(make)
    expect(await remove(storage, '/a')).toBe(2)
    expect(await put(storage, '/a', '1')).toBe(3)
    expect(await dump(storage, '', 2)).toEqual([])
  })

  test('commit() checks guards against commits that are under way', async () => {
    const { storage } = await openFixture(make)
    const attempt = (revision: number, value: string) =>
      storage.commit(
        [{ type: 'put', key: '/a', value: bytes(value) }],
        [{ key: '/a', modRevision: revision }],
      )
    const outcomes = await Promise.allSettled([
      attempt(0, 'one'),
      attempt(0, 'refused'),
      attempt(2, 'two'),
      attempt(2, 'refused'),
      storage.commit([{ type: 'delete', key: '/a' }], [{ key: '/a', modRevision: 3 }]),
      attempt(3, 'refused'),
      attempt(0, 'three'),
    ])
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'refused'))).toEqual([
      2,
      'refused',
      3,
      'refused',
      4,
      'refused',
      5,
    ])
    expect(await dump(storage)).toEqual(['/a=three'])
    expect(await dump(storage, '', 3)).toEqual(['/a=two'])
  })
}

export function describeReadsAndWrites(make: MakeStorage, remote: boolean): void {
  if (!remote) describeOrder(make)

  test('commit() numbers commits from 2 on, without gaps', async () => {
    const { storage } = await openFixture(make)
    expect(await storage.currentRevision()).toBe(1)
    expect(await put(storage, '/a', '1')).toBe(2)
    expect(await put(storage, '/b', '1')).toBe(3)
    const together = await Promise.all([
      put(storage, '/a', '2'),
      put(storage, '/c', '1'),
      remove(storage, '/b'),
    ])
    expect(together.sort()).toEqual([4, 5, 6])
    expect(await storage.currentRevision()).toBe(6)
  })

  test('get() gives the value with the revisions of its making and its last change', async () => {
    const { storage } = await openFixture(make)
    await put(storage, '/a', 'one')
    await put(storage, '/a', 'two')
    expect(await storage.get('/a')).toMatchObject({ key: '/a', createRevision: 2, modRevision: 3 })
    expect(text((await storage.get('/a'))?.value)).toBe('two')
    await remove(storage, '/a')
    expect(await storage.get('/a')).toBeUndefined()
    await put(storage, '/a', 'three')
    expect(await storage.get('/a')).toMatchObject({ createRevision: 5, modRevision: 5 })
    expect(await storage.get('/')).toBeUndefined()
    expect(await storage.get('/a/b')).toBeUndefined()
  })

  test('commit() applies several writes as one revision', async () => {
    const { storage } = await openFixture(make)
    await put(storage, '/b', 'old')
    const revision = await storage.commit([
      { type: 'put', key: '/a', value: bytes('new') },
      { type: 'delete', key: '/b' },
      { type: 'put', key: '/c', value: bytes('new') },
      { type: 'delete', key: '/never' },
    ])
    expect(revision).toBe(3)
    const { entries } = await storage.range('/')
    expect(entries.map(({ key, modRevision, createRevision }) => [key, modRevision, createRevision])).toEqual(
      [
        ['/a', 3, 3],
        ['/c', 3, 3],
      ],
    )
  })

  test('commit() keeps values apart from each other, of any size', async () => {
    const { storage, reopen } = await openFixture(make)
    const large = new Uint8Array(3 * 2 ** 20).map((_, index) => index * 7)
    await storage.commit([{ type: 'put', key: '/large', value: large }])
    await storage.commit([{ type: 'put', key: '/empty', value: new Uint8Array(0) }])
    await storage.commit([{ type: 'put', key: '/large', value: large.slice(1) }])
    const first = await storage.get('/large')
    const empty = await storage.get('/empty')
    await storage.commit([{ type: 'put', key: '/large', value: large.slice(2) }])
    expect(first?.value.length).toBe(large.length - 1)
    expect(first?.value.every((byte, index) => byte === large[index + 1])).toBe(true)
    expect(empty?.value.length).toBe(0)
    const after = (await (await reopen()).get('/large'))?.value
    if (after !== undefined) expect(after.every((byte, index) => byte === large[index + 2])).toBe(true)
  })

  test('commit() refuses a key that is empty, too long or written twice', async () => {
    const { storage } = await openFixture(make)
    await expect(put(storage, '', 'x')).rejects.toThrow('a key is empty')
    await expect(put(storage, 'ü'.repeat(951), 'x')).rejects.toThrow('longer than 1900 bytes')
    const write = { type: 'put', key: '/a', value: bytes('x') } as const
    await expect(storage.commit([write, write])).rejects.toThrow('twice')
    await expect(storage.commit([])).rejects.toThrow('0 writes')
    expect(await storage.currentRevision()).toBe(1)
  })

  test('range() gives keys in the order of their bytes, whatever is in them', async () => {
    const { storage } = await openFixture(make)
    const keys = [
      '/a',
      '/a\0',
      '/a\0\0b',
      '/a\0b',
      '/a\u0001',
      '/a/',
      '/ab',
      '/b',
      '/é',
      '/\ue000',
      '/😀',
      'z',
    ]
    keys.push('z'.repeat(1900), 'ü'.repeat(950), '\0'.repeat(900))
    for (const key of [...keys].reverse()) await put(storage, key, key)
    await put(storage, '/a\0', 'again')
    const encoded = keys.map((key) => ({ key, hex: Buffer.from(key).toString('hex') }))
    const sorted = encoded.sort((a, b) => (a.hex < b.hex ? -1 : 1)).map(({ key }) => key)
    expect((await storage.range('')).entries.map(({ key }) => key)).toEqual(sorted)
    expect((await storage.range('/a\0')).entries.map(({ key }) => key)).toEqual(['/a\0', '/a\0\0b', '/a\0b'])
    expect((await storage.range('/é')).entries.map(({ key }) => key)).toEqual(['/é'])
    const before = await storage.range('', { revision: keys.length + 1 })
    expect(before.entries.map(({ key, value }) => [key, text(value)])).toEqual(
      sorted.map((key) => [key, key]),
    )
  })

  test('range() pages through a prefix', async () => {
    const { storage } = await openFixture(make)
    for (const key of ['/a', '/p/1', '/p/2', '/p/3', '/p/4', '/q']) await put(storage, key, 'x')
    const page = async (after: string | undefined, limit: number) => {
      const result = await storage.range('/p/', after === undefined ? { limit } : { after, limit })
      return [...result.entries.map(({ key }) => key), result.more, result.revision]
    }
    expect(await page(undefined, 3)).toEqual(['/p/1', '/p/2', '/p/3', true, 7])
    expect(await page('/p/3', 3)).toEqual(['/p/4', false, 7])
    expect(await page(undefined, 4)).toEqual(['/p/1', '/p/2', '/p/3', '/p/4', false, 7])
    expect(await page('/p/2x', 1)).toEqual(['/p/3', true, 7])
    expect(await page('/p/4', 1)).toEqual([false, 7])
    expect(await page('/z', 1)).toEqual([false, 7])
    expect(await page('/a', 1)).toEqual(['/p/1', true, 7])
  })

  test('range() reads as of an older revision', async () => {
    const { storage } = await openFixture(make)
    await put(storage, '/a', '1')
    await put(storage, '/b', '1')
    await put(storage, '/a', '2')
    await remove(storage, '/b')
    await put(storage, '/b', '3')
    await put(storage, '/c', '1')
    expect(await dump(storage, '', 1)).toEqual([])
    expect(await dump(storage, '', 2)).toEqual(['/a=1'])
    expect(await dump(storage, '', 3)).toEqual(['/a=1', '/b=1'])
    expect(await dump(storage, '', 4)).toEqual(['/a=2', '/b=1'])
    expect(await dump(storage, '', 5)).toEqual(['/a=2'])
    expect(await dump(storage, '', 6)).toEqual(['/a=2', '/b=3'])
    expect(await dump(storage, '', 7)).toEqual(['/a=2', '/b=3', '/c=1'])
    const old = await storage.range('/', { revision: 4, after: '/a', limit: 1 })
    expect(old).toMatchObject({ revision: 4, more: false })
    expect(old.entries).toMatchObject([{ key: '/b', modRevision: 3, createRevision: 3 }])
    await expect(storage.range('/', { revision: 8 })).rejects.toThrow(FutureRevisionError)
  })

  test('range() is of one revision, however much is written meanwhile', async () => {
    const { storage } = await openFixture(make)
    const count = 3000
    const all = (value: string) =>
      Promise.all(Array.from({ length: count }, (_, index) => put(storage, `/k/${index}`, value)))
    await all('old')
    const writing = all('new')
    const results = []
    for (let read = 0; read < 5; read++) results.push(await storage.range('/k/'))
    await writing
    for (const { entries, revision } of results) {
      expect(entries.length).toBe(count)
      const written = entries.filter((entry) => text(entry.value) === 'new')
      expect(written.length).toBe(revision - 1 - count)
      expect(entries.every(({ modRevision }) => modRevision <= revision)).toBe(true)
    }
  })

  test('commit() happens only if all guards hold', async () => {
    const { storage } = await openFixture(make)
    const write = [{ type: 'put', key: '/a', value: bytes('x') }] as const
    expect(await storage.commit(write, [{ key: '/a', modRevision: 0 }])).toBe(2)
    const failed = await storage.commit(write, [{ key: '/a', modRevision: 0 }]).catch((error) => error)
    expect(failed).toBeInstanceOf(GuardFailedError)
    expect(failed).toMatchObject({ key: '/a', current: { key: '/a', modRevision: 2, createRevision: 2 } })
    const absent = await storage.commit(write, [{ key: '/b', modRevision: 7 }]).catch((error) => error)
    expect(absent).toMatchObject({ key: '/b', current: undefined })
    const guards = [
      { key: '/a', modRevision: 2 },
      { key: '/b', modRevision: 0 },
    ]
    expect(await storage.commit([{ type: 'put', key: '/c', value: bytes('y') }], guards)).toBe(3)
    const two = [...write, { type: 'put', key: '/d', value: bytes('z') }] as const
    await expect(storage.commit(two, [{ key: '/c', modRevision: 2 }])).rejects.toThrow(GuardFailedError)
    expect(await dump(storage)).toEqual(['/a=x', '/c=y'])
    expect(await storage.currentRevision()).toBe(3)
  })

  test('commit() lets exactly one of many concurrent writers win each round', async () => {
    const { storage } = await openFixture(make)
    let wins = 0
    const increment = async (): Promise<void> => {
      for (;;) {
        const current = await storage.get('/counter')
        const value = bytes(String(Number(text(current?.value) ?? 0) + 1))
        try {
          await storage.commit(
            [{ type: 'put', key: '/counter', value }],
            [{ key: '/counter', modRevision: current?.modRevision ?? 0 }],
          )
          wins++
          return
        } catch (error) {
          if (!(error instanceof GuardFailedError)) throw error
        }
      }
    }
    await Promise.all(Array.from({ length: 50 }, increment))
    expect(wins).toBe(50)
    expect(await dump(storage)).toEqual(['/counter=50'])
  })
}
