import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Host } from '../../base/host.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'

export interface ConvertedCacheOptions {
  readonly host: Host
  /** Of the stored version. */
  readonly source: ResourceCache
  /** Of the other version; it belongs to no mirror. */
  readonly target: ResourceCache
  /** May fail: then nothing is shown, and the next reader makes it try anew. */
  readonly convert: (objects: readonly KubernetesObject[]) => Promise<readonly KubernetesObject[]>
}

interface SourceChange {
  readonly id: string
  readonly record: CachedObject | undefined
  readonly revision: number
}

/** Changes that may wait for their conversion before everything is converted anew. */
const maxWaiting = 10_000

/**
 * Objects in a version that only a webhook can make of the stored one: a cache that follows another, a moment later.
 * Until somebody lists or watches it, it holds only the objects that were asked for by name.
 */
export class ConvertedCache {
  readonly #options: ConvertedCacheOptions
  readonly #leave: readonly (() => void)[]
  #waiting: SourceChange[] = []
  /** Changes that are being converted. */
  #applying: readonly SourceChange[] = []
  #loaded = false
  #running: Promise<void> | undefined

  constructor(options: ConvertedCacheOptions) {
    this.#options = options
    const { source } = options
    this.#leave = [
      source.onRead((now, before) => this.#observe(now, before)),
      source.onRestart(() => this.#forget()),
    ]
  }

  get cache(): ResourceCache {
    return this.#options.target
  }

  /** Everything up to here is shown, where the source shows everything up to `revision`. */
  shownOf(revision: number): number {
    const [behind] = [...this.#applying.slice(0, 1), ...this.#waiting.slice(0, 1)]
    return behind === undefined ? revision : Math.min(revision, behind.revision - 1)
  }

  /** Resolves when all that the source shows is shown (of one object, if an id is given); undefined: it is. Rejects when it cannot be converted. */
  settled(id?: string): Promise<void> | undefined {
    const { host } = this.#options
    if (this.#loaded && this.#waiting.length === 0 && this.#running === undefined) return undefined
    if (!this.#loaded && id !== undefined) return this.#shows(id) ? undefined : host.track(this.#showOne(id))
    this.#running ??= host.track(this.#run())
    return this.#running
  }

  close(): void {
    for (const leave of this.#leave) leave()
    for (const consumer of this.cache.hub.consumers()) consumer.terminate()
  }

  #observe(now: CachedObject | undefined, before: CachedObject | undefined): void {
    const id = now?.id ?? before?.id
    if (!this.#loaded || id === undefined) return
    this.#waiting.push({ id, record: now, revision: now?.revision ?? this.#options.source.lastChange })
    if (this.#waiting.length > maxWaiting) this.#forget()
    // Whoever watches waits for it; a failure is told to the next who reads.
    else this.settled()?.catch(() => {})
  }

  #forget(): void {
    this.#loaded = false
    this.#waiting = []
    this.cache.reset(this.#options.source.lastChange)
  }

  #shows(id: string): boolean {
    const { source, target } = this.#options
    return target.get(id)?.revision === source.get(id)?.revision
  }

  async #showOne(id: string): Promise<void> {
    const { source, target } = this.#options
    const record = source.get(id)
    if (record === undefined) target.remove(id, source.lastChange)
    else {
      const [object = {}] = await this.#convert([record])
      if (!this.#loaded) this.#load(record, object)
    }
    // Others may have written it meanwhile.
    await this.settled(id)
  }

  async #run(): Promise<void> {
    try {
      while (!this.#loaded || this.#waiting.length > 0) {
        if (!this.#loaded) {
          await this.#loadAll()
          continue
        }
        this.#applying = this.#waiting.splice(0)
        await this.#apply(this.#applying)
        this.#applying = []
      }
    } catch (error) {
      this.#forget()
      throw error
    } finally {
      this.#applying = []
      this.#running = undefined
    }
  }

  async #loadAll(): Promise<void> {
    const { source, target } = this.#options
    const records = [...source.values()]
    const revision = source.lastChange
    this.#waiting = []
    this.#loaded = true
    const objects = await this.#convert(records)
    if (!this.#loaded) return
    target.reset(revision)
    for (const [index, record] of records.entries()) this.#load(record, objects[index] ?? {})
  }

  #load(record: CachedObject, object: KubernetesObject): void {
    const { target } = this.#options
    const { bytes, metadataLength } = target.layout.store(object)
    target.load(record.id, bytes, record.revision, metadataLength)
  }

  async #apply(changes: readonly SourceChange[]): Promise<void> {
    const { target } = this.#options
    const written = changes.flatMap(({ record }) => record ?? [])
    const objects = await this.#convert(written)
    if (!this.#loaded) return
    const byRecord = new Map(written.map((record, index) => [record, objects[index]]))
    for (const { id, record, revision } of changes) {
      const object = record === undefined ? undefined : byRecord.get(record)
      if (object === undefined) target.remove(id, revision)
      else {
        const { bytes, metadataLength } = target.layout.store(object)
        target.put(id, bytes, revision, { object, metadataLength })
      }
    }
  }

  #convert(records: readonly CachedObject[]): Promise<readonly KubernetesObject[]> {
    const { source, convert } = this.#options
    return records.length === 0 ? Promise.resolve([]) : convert(records.map((record) => source.peek(record)))
  }
}
