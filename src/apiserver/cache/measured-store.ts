import {
  CompactedError,
  type Entry,
  FutureRevisionError,
  GuardFailedError,
  type RangeOptions,
  type RangeResult,
  type Storage,
  type Write,
} from '../../storage/storage.ts'
import type { StoreRequests } from '../metrics/store-requests.ts'
import { type ClaimChange, ClaimTakenError } from '../write-allocator.ts'
import type { ResourceCache } from './resource-cache.ts'

export const registryPrefix = '/registry/'

const claimEncoder = new TextEncoder()

/** Objects that are read at once. */
const pageSize = 1000

const isConflict = (error: unknown): boolean =>
  error instanceof GuardFailedError || error instanceof ClaimTakenError

const isGone = (error: unknown): boolean =>
  error instanceof CompactedError || error instanceof FutureRevisionError

/** What caches ask of the store, measured. Throws what the store throws. */
export class MeasuredStore {
  readonly #storage: Storage
  readonly #requests: StoreRequests

  constructor(storage: Storage, requests: StoreRequests) {
    this.#storage = storage
    this.#requests = requests
  }

  get({ kind }: ResourceCache, key: string): Promise<Entry | undefined> {
    return this.#requests.measure(kind, 'get', () => this.#storage.get(key))
  }

  range({ kind }: ResourceCache, prefix: string, options: RangeOptions): Promise<RangeResult> {
    return this.#requests.measure(kind, 'list', () => this.#storage.range(prefix, options), isGone)
  }

  /** All that is stored of a kind, below its prefix, as of a revision. */
  async *pages(cache: ResourceCache, prefix: string, revision: number): AsyncGenerator<readonly Entry[]> {
    const { stored } = cache.figures
    stored.lists++
    let after: string | undefined
    for (;;) {
      const position = after === undefined ? {} : { after }
      const page = await this.range(cache, prefix, { ...position, limit: pageSize, revision })
      stored.fetched += page.entries.length
      stored.returned += page.entries.length
      if (page.entries.length > 0) yield page.entries
      after = page.entries.at(-1)?.key
      if (!page.more || after === undefined) return
    }
  }

  /** One write under its guard, with what it claims and gives up. Throws ClaimTakenError where a claim is somebody else's. */
  commit(
    { kind }: ResourceCache,
    write: Write,
    revision: number,
    claims: ClaimChange | undefined,
  ): Promise<number> {
    const operation = write.type === 'delete' ? 'delete' : revision === 0 ? 'create' : 'update'
    return this.#requests.measure(kind, operation, () => this.#commit(write, revision, claims), isConflict)
  }

  async #commit(write: Write, revision: number, claims: ClaimChange | undefined): Promise<number> {
    const guard = { key: write.key, modRevision: revision }
    if (claims === undefined) return this.#storage.commit([write], [guard])
    const taken = claims.taken.map(({ key, object }) => {
      const value = claimEncoder.encode(JSON.stringify(object))
      return { type: 'put', key: `${registryPrefix}${key}`, value } as const
    })
    const released = claims.released.map(
      (key) => ({ type: 'delete', key: `${registryPrefix}${key}` }) as const,
    )
    const guards = [guard, ...taken.map(({ key }) => ({ key, modRevision: 0 }))]
    try {
      return await this.#storage.commit([write, ...taken, ...released], guards)
    } catch (error) {
      if (!(error instanceof GuardFailedError) || error.key === write.key) throw error
      throw new ClaimTakenError(error.key, error.current?.modRevision ?? 0)
    }
  }
}
