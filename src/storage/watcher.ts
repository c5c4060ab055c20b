import { assert } from '../base/assert.ts'
import type { Batch } from './storage.ts'
import type { History } from './watch-hub.ts'

/** What a watcher needs of its hub. */
export interface WatcherSource {
  readonly history: History
  /** The next recent batch after `position`, or the revision up to which there is none; undefined when only the history knows. */
  recent(position: number): Batch | number | undefined
  ended(): void
  /** The watcher has begun to wait. */
  idle(): void
}

interface Waiting {
  resolve(result: IteratorResult<Batch>): void
  reject(error: Error): void
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * One watch, pulled by its consumer. It owns no buffer but the chunk of history that it is working on: its
 * `position` says what has been delivered, and the rest is read from the hub's recent batches or the history.
 */
export class Watcher implements AsyncIterableIterator<Batch> {
  readonly prefix: string
  readonly #signal: AbortSignal
  readonly #source: WatcherSource
  readonly #abort: () => void
  #position: number
  /** What the consumer knows of `#position`. */
  #reported: number
  #chunk: readonly Batch[] = []
  #chunkIndex = 0
  #waiting: Waiting | undefined
  #reading = false
  #catchingUp = false
  #ended = false
  #error: Error | undefined

  constructor(prefix: string, after: number, signal: AbortSignal, source: WatcherSource) {
    this.prefix = prefix
    this.#position = after
    this.#reported = after
    this.#signal = signal
    this.#source = source
    this.#abort = () => this.#end()
    if (signal.aborted) this.#ended = true
    else signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** Everything up to this revision has been delivered, or lies in the chunk at hand. */
  get position(): number {
    return this.#position
  }

  /** Whether the consumer waits without knowing how far it is. */
  get silent(): boolean {
    return this.#waiting !== undefined && this.#reported < this.#position
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Batch>> {
    assert(
      this.#waiting === undefined && !this.#reading,
      'a watch is asked for a batch while it waits for one',
    )
    if (this.#error !== undefined) return this.#throw(this.#error)
    if (this.#ended) return Promise.resolve(done)
    const batch = this.#takeFromChunk()
    if (batch !== undefined) return Promise.resolve({ done: false, value: batch })
    const recent = this.#source.recent(this.#position)
    if (recent === undefined) return this.#readHistory()
    if (typeof recent !== 'number') return Promise.resolve(this.#deliver(recent))
    this.#position = recent
    if (this.#catchingUp) {
      this.#catchingUp = false
      // The consumer learns at once that it has seen the past.
      if (this.#reported < recent) return Promise.resolve(this.#deliver({ revision: recent, changes: [] }))
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#source.idle()
    })
  }

  return(): Promise<IteratorResult<Batch>> {
    this.#end()
    return Promise.resolve(done)
  }

  /** There are new recent batches. */
  wake(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const recent = this.#source.recent(this.#position)
    assert(recent !== undefined, 'a waiting watcher has fallen behind')
    if (typeof recent === 'number') {
      this.#position = recent
      return
    }
    this.#waiting = undefined
    waiting.resolve(this.#deliver(recent))
  }

  reportProgress(): void {
    const waiting = this.#waiting
    if (waiting === undefined || this.#reported >= this.#position) return
    this.#waiting = undefined
    waiting.resolve(this.#deliver({ revision: this.#position, changes: [] }))
  }

  /** Ends the watch with an error, which the next (or the waiting) call gets once. */
  fail(error: Error): void {
    if (this.#ended) return
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#error = error
    this.#end()
    waiting?.reject(error)
  }

  #throw(error: Error): Promise<never> {
    this.#error = undefined
    return Promise.reject(error)
  }

  #deliver(batch: Batch): IteratorResult<Batch> {
    this.#position = batch.revision
    this.#reported = batch.revision
    return { done: false, value: batch }
  }

  #takeFromChunk(): Batch | undefined {
    const batch = this.#chunk[this.#chunkIndex++]
    if (batch === undefined) this.#chunk = []
    else this.#reported = batch.revision
    return batch
  }

  async #readHistory(): Promise<IteratorResult<Batch>> {
    this.#reading = true
    this.#catchingUp = true
    const { history } = this.#source
    try {
      while (!this.#ended) {
        const { batches, upTo } = await history.readHistory(this.prefix, this.#position)
        if (this.#ended) break
        this.#position = upTo
        this.#chunk = batches
        this.#chunkIndex = 0
        const first = this.#takeFromChunk()
        if (first !== undefined) return { done: false, value: first }
        if (this.#source.recent(upTo) !== undefined) break
      }
    } catch (error) {
      this.#end()
      throw error
    } finally {
      this.#reading = false
    }
    return this.next()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#signal.removeEventListener('abort', this.#abort)
    this.#chunk = []
    this.#source.ended()
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(done)
  }
}
