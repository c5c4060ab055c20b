import type { Entry } from '../../storage/storage.ts'
import type { MeasuredStore } from './measured-store.ts'
import type { ResourceCache } from './resource-cache.ts'

/** A cache that joins while the server runs. */
export interface LateCache {
  readonly cache: ResourceCache
  /** Makes what was stored fit for the cache (other versions converted), a page at a time; absent: it fits. What fits is the same entry. */
  readonly prepare?: (entries: readonly Entry[]) => Promise<readonly Entry[]>
}

/** What loading needs of the mirror. */
export interface LateSource {
  readonly revision: number
  key(cache: ResourceCache, id: string): string
  newest(): Promise<number>
  readonly store: Pick<MeasuredStore, 'pages'>
  reached(revision: number): Promise<void> | undefined
}

interface Missed {
  readonly key: string
  readonly entry: Entry | undefined
  readonly revision: number
}

interface Loading {
  readonly prefix: string
  readonly missed: Missed[]
  /** Everything was read anew meanwhile: changes may have been lost. */
  stale: boolean
}

/** How often loading begins anew because the mirror itself had to. */
const maxAttempts = 5

/** Loads caches beside a running mirror: what changes meanwhile is kept, and applied after what was read. */
export class LateCaches {
  readonly #source: LateSource
  readonly #loading = new Set<Loading>()

  constructor(source: LateSource) {
    this.#source = source
  }

  /** A change that no cache wants. */
  observe(key: string, entry: Entry | undefined, revision: number): void {
    if (this.#loading.size === 0) return
    for (const { prefix, missed } of this.#loading)
      if (key.startsWith(prefix)) missed.push({ key, entry, revision })
  }

  reloaded(): void {
    for (const loading of this.#loading) loading.stale = true
  }

  /** Calls `ready`, synchronously, when the cache is in step with the mirror. */
  async load(late: LateCache, ready: () => void): Promise<void> {
    const prefix = this.#source.key(late.cache, '')
    for (let attempt = 1; ; attempt++) {
      const loading: Loading = { prefix, missed: [], stale: false }
      this.#loading.add(loading)
      try {
        if (await this.#attempt(late, loading, ready)) return
      } finally {
        this.#loading.delete(loading)
      }
      if (attempt === maxAttempts) throw new Error(`${prefix} cannot be loaded: the store's watch breaks off`)
    }
  }

  async #attempt({ cache, prepare }: LateCache, loading: Loading, ready: () => void): Promise<boolean> {
    const source = this.#source
    const { prefix } = loading
    const revision = await source.newest()
    const entries: Entry[] = []
    const converted: Entry[] = []
    for await (const page of source.store.pages(cache, prefix, revision)) {
      const prepared = prepare === undefined ? page : await prepare(page)
      entries.push(...prepared)
      converted.push(...prepared.filter((entry, index) => entry !== page[index]))
    }
    const waiting = source.reached(revision)
    if (waiting !== undefined) await waiting
    if (loading.stale) return false
    cache.reset(revision)
    for (const { key, value, modRevision } of entries)
      cache.load(key.slice(prefix.length), value, modRevision)
    for (const { key } of converted) cache.noteOutdated(key.slice(prefix.length))
    for (const missed of loading.missed) {
      if (missed.revision <= revision) continue
      const id = missed.key.slice(prefix.length)
      if (missed.entry === undefined) cache.remove(id, missed.revision)
      else cache.put(id, missed.entry.value, missed.entry.modRevision, undefined)
    }
    ready()
    return true
  }
}
