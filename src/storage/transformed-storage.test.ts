import { expect, test } from 'vitest'
import { describeStorage } from './conformance.ts'
import { MemoryStorage } from './memory/memory-storage.ts'
import { bytes, makeVirtualHost, put, text } from './testing/fixture.ts'
import { TransformedStorage, type ValueTransformer } from './transformed-storage.ts'

/** Flips bits depending on the key, and marks what it has made. */
const scrambler: ValueTransformer = {
  toStorage: (key, value) => Uint8Array.of(0xee, ...value.map((byte) => byte ^ key.length)),
  fromStorage: (key, stored) => {
    if (stored[0] !== 0xee) throw new Error(`the value of ${key} cannot be read`)
    return stored.slice(1).map((byte) => byte ^ key.length)
  },
}

const largest = 1000
/** Spreading a large value into arguments is for small ones only. */
const copier: ValueTransformer = {
  toStorage: (key, value) => (value.length < largest ? scrambler.toStorage(key, value) : value.slice()),
  fromStorage: (key, stored) =>
    stored.length < largest ? scrambler.fromStorage(key, stored) : stored.slice(),
}

describeStorage(
  'TransformedStorage',
  async () => ({
    durable: false,
    open: async (options) => new TransformedStorage(new MemoryStorage(options), copier),
    dispose: async () => {},
  }),
  { modelRuns: 50 },
)

test('TransformedStorage stores what the transformer makes, and refuses what it did not make', async () => {
  const inner = new MemoryStorage({ host: makeVirtualHost() })
  const storage = new TransformedStorage(inner, scrambler)
  await put(storage, '/secret', 'password')
  expect(text((await inner.get('/secret'))?.value)).not.toContain('password')
  expect(text((await storage.get('/secret'))?.value)).toBe('password')
  await inner.commit([{ type: 'put', key: '/plain', value: bytes('x') }])
  await expect(storage.get('/plain')).rejects.toThrow('the value of /plain cannot be read')
})

test('TransformedStorage shows a watcher the bytes that were written here, and turns back what others wrote', async () => {
  const inner = new MemoryStorage({ host: makeVirtualHost() })
  const storage = new TransformedStorage(inner, scrambler)
  const stop = new AbortController()
  const seen = storage.watch('/', { signal: stop.signal })[Symbol.asyncIterator]()
  const value = bytes('mine')
  await storage.commit([{ type: 'put', key: '/mine', value }])
  await put(new TransformedStorage(inner, scrambler), '/other', 'theirs')
  const next = async () => (await seen.next()).value?.changes[0]?.entry?.value
  expect(await next()).toBe(value)
  expect(text(await next())).toBe('theirs')
  stop.abort()
})
