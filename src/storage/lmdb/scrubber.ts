import type { Host } from '../../base/host.ts'
import type { Removal } from './batch-writer.ts'
import type { Reader } from './reader.ts'

/** How much one turn of the event loop, and one flush, gets to do. */
const sliceRecords = 500
const sliceMs = 4
const recordsPerLook = 32

interface Slice {
  readonly removals: readonly Removal[]
  /** Everything up to this revision is dealt with. */
  readonly upTo: number
}

export interface ScrubberOptions {
  readonly host: Host
  readonly reader: Reader
  /** What has been forgotten when this store was closed the last time. */
  readonly scrubbedRevision: number
  /** Removes them from the file together with the note that everything up to `upTo` is gone. */
  readonly remove: (removals: readonly Removal[], upTo: number) => Promise<void>
}

/** Removes what a compaction forgets, slice by slice among the commits. */
export class Scrubber {
  readonly #options: ScrubberOptions
  #scrubbedRevision: number
  #targetRevision = 0
  #running: Promise<number> | undefined
  #stopped = false

  constructor(options: ScrubberOptions) {
    this.#options = options
    this.#scrubbedRevision = options.scrubbedRevision
  }

  get scrubbedRevision(): number {
    return this.#scrubbedRevision
  }

  /** Resolves to the number of records removed when everything up to `revision` is gone, or the scrubber is stopped. */
  scrub(revision: number): Promise<number> {
    this.#targetRevision = Math.max(this.#targetRevision, revision)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Resolves when it has stopped. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running?.catch(() => 0)
  }

  async #run(): Promise<number> {
    let removed = 0
    while (this.#scrubbedRevision < this.#targetRevision && !this.#stopped) {
      await this.#options.host.nextTurn()
      const { removals, upTo } = this.#nextSlice()
      await this.#options.remove(removals, upTo)
      this.#scrubbedRevision = upTo
      removed += removals.length
    }
    return removed
  }

  #nextSlice(): Slice {
    const { host, reader } = this.#options
    const startMs = host.monotonicMs()
    const removals: Removal[] = []
    let records = 0
    let revision = this.#scrubbedRevision
    let full = false
    for (const { reference, record } of reader.records(this.#scrubbedRevision, this.#targetRevision)) {
      if (full && reference.revision !== revision) return { removals, upTo: revision }
      revision = reference.revision
      const previous = record.previous.revision === 0 ? undefined : record.previous
      const deletion = record.deleted ? reference : undefined
      if (previous !== undefined || deletion !== undefined) {
        removals.push({ key: record.key, previous, deletion })
      }
      records++
      if (records % recordsPerLook === 0) full ||= host.monotonicMs() - startMs > sliceMs
      full ||= records >= sliceRecords
    }
    return { removals, upTo: this.#targetRevision }
  }
}
