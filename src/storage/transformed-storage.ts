import {
  type Batch,
  type Change,
  type Entry,
  type Guard,
  GuardFailedError,
  type RangeOptions,
  type RangeResult,
  type Storage,
  type WatchOptions,
  type Write,
} from './storage.ts'

/**
 * What values look like in the store, such as encrypted. `key` belongs to the value: whoever authenticates must
 * bind them together, so that nobody can move a value to another key.
 */
export interface ValueTransformer {
  toStorage(key: string, value: Uint8Array): Uint8Array
  /** Throws when the stored bytes are not what `toStorage` makes. */
  fromStorage(key: string, stored: Uint8Array): Uint8Array
  /** Whether `toStorage` would encrypt otherwise now what can be read. Absent: never. */
  isStale?(key: string, stored: Uint8Array): boolean
  /** Called before what reads `stored`, which waits for it: for those that have to ask somebody first. Never rejects. */
  prepare?(stored: Uint8Array, key: string): Promise<void> | undefined
}

/** A store whose values pass a transformer on their way in and out. It owns `storage` and closes it. */
export class TransformedStorage implements Storage {
  readonly #storage: Storage
  readonly #transformer: ValueTransformer
  /** What was written here, by the stored bytes that were made of it, as long as anybody has those. */
  readonly #written = new WeakMap<Uint8Array, Uint8Array>()

  constructor(storage: Storage, transformer: ValueTransformer) {
    this.#storage = storage
    this.#transformer = transformer
  }

  currentRevision(): Promise<number> {
    return this.#storage.currentRevision()
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = await this.#storage.get(key)
    if (entry === undefined) return undefined
    const waits = this.#prepare([entry])
    if (waits !== undefined) await waits
    return this.#entry(entry)
  }

  async range(prefix: string, options?: RangeOptions): Promise<RangeResult> {
    const result = await this.#storage.range(prefix, options)
    const waits = this.#prepare(result.entries)
    if (waits !== undefined) await waits
    return { ...result, entries: result.entries.map((entry) => this.#entry(entry)) }
  }

  async commit(writes: readonly Write[], guards?: readonly Guard[]): Promise<number> {
    const transformed = writes.map((write) =>
      write.type === 'put' ? { ...write, value: this.#stored(write.key, write.value) } : write,
    )
    try {
      return await this.#storage.commit(transformed, guards)
    } catch (error) {
      if (!(error instanceof GuardFailedError) || error.current === undefined) throw error
      const waits = this.#prepare([error.current])
      if (waits !== undefined) await waits
      throw new GuardFailedError(error.key, this.#entry(error.current))
    }
  }

  /** Not a generator: a watch begins with the call, not with the first batch that is asked for. */
  watch(prefix: string, options: WatchOptions): AsyncIterable<Batch> {
    const source = this.#storage.watch(prefix, options)[Symbol.asyncIterator]()
    const transform = (
      result: IteratorResult<Batch>,
    ): IteratorResult<Batch> | Promise<IteratorResult<Batch>> => {
      if (result.done) return result
      const { revision, changes } = result.value
      const batch = (): IteratorResult<Batch> => ({
        done: false,
        value: { revision, changes: changes.map((change) => this.#change(change)) },
      })
      // Who waits for nobody is told at once: a watcher sees a write before its writer is answered.
      const waits = this.#prepare(
        changes.flatMap(({ entry, previous }) =>
          [entry, previous].filter(
            (each): each is Entry => each !== undefined && !this.#written.has(each.value),
          ),
        ),
      )
      return waits === undefined ? batch() : waits.then(batch)
    }
    const iterator: AsyncIterableIterator<Batch> = {
      next: () => source.next().then(transform),
      return: async () => (await source.return?.()) ?? { done: true, value: undefined },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  async isStale(key: string): Promise<boolean> {
    if (this.#transformer.isStale === undefined) return false
    const entry = await this.#storage.get(key)
    if (entry === undefined) return false
    const waits = this.#prepare([entry])
    if (waits !== undefined) await waits
    return this.#transformer.isStale(key, entry.value)
  }

  get compactedRevision(): number {
    return this.#storage.compactedRevision
  }

  compact(revision: number): Promise<void> {
    return this.#storage.compact(revision)
  }

  close(): Promise<void> {
    return this.#storage.close()
  }

  #prepare(entries: readonly Entry[]): Promise<unknown> | undefined {
    const transformer = this.#transformer
    if (transformer.prepare === undefined) return undefined
    const waits = entries.flatMap(({ key, value }) => transformer.prepare?.(value, key) ?? [])
    return waits.length === 0 ? undefined : Promise.all(waits)
  }

  #stored(key: string, value: Uint8Array): Uint8Array {
    const stored = this.#transformer.toStorage(key, value)
    this.#written.set(stored, value)
    return stored
  }

  #entry(entry: Entry): Entry {
    return { ...entry, value: this.#transformer.fromStorage(entry.key, entry.value) }
  }

  /** Who writes and watches sees the very bytes that it wrote: most of what an embedded store tells. */
  #seen(entry: Entry): Entry {
    const value = this.#written.get(entry.value)
    return value === undefined ? this.#entry(entry) : { ...entry, value }
  }

  #change({ key, entry, previous }: Change): Change {
    const before = previous && { previous: this.#seen(previous) }
    return entry === undefined ? { key, ...before } : { key, entry: this.#seen(entry), ...before }
  }
}
