import type { Host } from '../../base/host.ts'

export interface GroupCommitSteps<T> {
  /** Resolves once `items` are on the disk, all of them, or rejects when none is. */
  flush(items: readonly T[]): Promise<void>
  /** Acknowledges what has been flushed, and shows it to everybody. */
  publish(items: readonly T[]): void
  /** None of `items` has happened: those of the flush that failed, and those that were waiting and build on them. */
  fail(items: readonly T[], error: unknown): Promise<void>
}

/** Bounds for one flush, so that none takes long. */
const maxItems = 4096
const maxBytes = 16 * 2 ** 20

interface Waiting<T> {
  readonly item: T
  readonly bytes: number
}

/** Writes that arrive while a flush is under way share the next one. One flush at a time, in the order of arrival. */
export class GroupCommit<T> {
  readonly #host: Host
  readonly #steps: GroupCommitSteps<T>
  #waiting: Waiting<T>[] = []
  #waitingBytes = 0
  #running: Promise<void> | undefined

  constructor(host: Host, steps: GroupCommitSteps<T>) {
    this.#host = host
    this.#steps = steps
  }

  /** Bytes that have been added and not flushed. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  add(item: T, bytes: number): void {
    this.#waiting.push({ item, bytes })
    this.#waitingBytes += bytes
    this.#running ??= this.#host.track(this.#run())
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // What else happens in this turn of the loop goes into the same flush.
    await this.#host.nextTurn()
    while (this.#waiting.length > 0) {
      const group = this.#take()
      const items = group.map(({ item }) => item)
      let failure: { readonly error: unknown } | undefined
      try {
        await this.#steps.flush(items)
      } catch (error) {
        failure = { error }
      }
      for (const { bytes } of group) this.#waitingBytes -= bytes
      if (failure === undefined) this.#steps.publish(items)
      else await this.#fail(items, failure.error)
      await this.#host.nextTurn()
    }
    this.#running = undefined
  }

  #take(): readonly Waiting<T>[] {
    let bytes = 0
    let count = 0
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes
      if (count > 0 && (bytes > maxBytes || count >= maxItems)) break
      count++
    }
    if (count === this.#waiting.length) {
      const all = this.#waiting
      this.#waiting = []
      return all
    }
    return this.#waiting.splice(0, count)
  }

  #fail(items: readonly T[], error: unknown): Promise<void> {
    const waiting = this.#waiting.map(({ item }) => item)
    this.#waiting = []
    this.#waitingBytes = 0
    return this.#steps.fail([...items, ...waiting], error)
  }
}
