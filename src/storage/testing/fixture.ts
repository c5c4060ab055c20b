import { onTestFinished } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import type { Host } from '../../base/host.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import type { Batch, Storage } from '../storage.ts'

export interface OpenOptions {
  readonly host: Host
  readonly quotaBackendBytes?: number
}

/** An implementation under test: one place where data are kept, empty at first. */
export interface StorageUnderTest {
  open(options: OpenOptions): Promise<Storage>
  /** After the last store on it has been closed. */
  dispose(): Promise<void>
  /** Whether a store opened again still has what the one before it had. */
  readonly durable: boolean
}

export type MakeStorage = () => Promise<StorageUnderTest>

export interface Fixture {
  readonly host: VirtualHost
  /** The store; after `reopen` the one that took its place. */
  readonly storage: Storage
  reopen(): Promise<Storage>
}

export const makeVirtualHost = (): VirtualHost =>
  new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })

/** A store for one test, closed and removed when it is over. */
export async function openFixture(make: MakeStorage, quotaBackendBytes?: number): Promise<Fixture> {
  const host = makeVirtualHost()
  const place = await make()
  const options = quotaBackendBytes === undefined ? { host } : { host, quotaBackendBytes }
  let storage = await place.open(options)
  onTestFinished(async () => {
    await storage.close()
    await place.dispose()
  })
  return {
    host,
    get storage() {
      return storage
    },
    async reopen() {
      await storage.close()
      storage = await place.open(options)
      return storage
    },
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const bytes = (text: string): Uint8Array => encoder.encode(text)
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : decoder.decode(value)

export const put = (storage: Storage, key: string, value: string, timeToLiveMs?: number): Promise<number> =>
  storage.commit([
    timeToLiveMs === undefined
      ? { type: 'put', key, value: bytes(value) }
      : { type: 'put', key, value: bytes(value), timeToLiveMs },
  ])

export const remove = (storage: Storage, key: string): Promise<number> =>
  storage.commit([{ type: 'delete', key }])

/** `key=value` of a prefix, in the store's order. */
export async function dump(storage: Storage, prefix = '', revision?: number): Promise<readonly string[]> {
  const { entries } = await storage.range(prefix, revision === undefined ? {} : { revision })
  return entries.map((entry) => `${entry.key}=${text(entry.value)}`)
}

/** `revision key=value(was previous)` for each change of a batch. */
export const describeBatch = (batch: Batch): readonly string[] =>
  batch.changes.map(
    ({ key, entry, previous }) =>
      `${batch.revision} ${key}=${text(entry?.value)}` +
      (previous === undefined ? '' : ` (was ${text(previous.value)}@${previous.modRevision})`),
  )

/** The changes from `after` up to and including `until`; a signal of its own ends the watch. */
export async function collect(
  storage: Storage,
  prefix: string,
  after: number,
  until: number,
): Promise<readonly string[]> {
  const controller = new AbortController()
  const seen: string[] = []
  if (after < until) {
    for await (const batch of storage.watch(prefix, { after, signal: controller.signal })) {
      seen.push(...describeBatch(batch))
      if (batch.revision >= until) break
    }
  }
  controller.abort()
  return seen
}
