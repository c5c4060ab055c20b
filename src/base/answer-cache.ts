import type { Host } from './host.ts'
import { LruMap } from './lru-map.ts'

interface Entry<V> {
  readonly answer: Promise<V>
  /** Infinite while it is being asked. */
  untilMs: number
}

/** Larger questions are asked each time, so that who asks cannot fill the memory. */
const defaultMaxKeyLength = 10_000

/** Answers of a server for as long as they count; who asks the same meanwhile waits for the one answer. */
export class AnswerCache<V> {
  readonly #host: Pick<Host, 'now'>
  readonly #entries: LruMap<string, Entry<V>>
  readonly #maxKeyLength: number

  constructor(host: Pick<Host, 'now'>, capacity: number, maxKeyLength = defaultMaxKeyLength) {
    this.#host = host
    this.#entries = new LruMap(capacity)
    this.#maxKeyLength = maxKeyLength
  }

  /** `lifeMs` says for how long an answer counts. Rejects as `ask` does; that is not remembered. */
  async get(key: string, ask: () => Promise<V>, lifeMs: (answer: V) => number): Promise<V> {
    if (key.length > this.#maxKeyLength) return ask()
    const known = this.#entries.get(key)
    if (known !== undefined && this.#host.now() < known.untilMs) return known.answer
    const entry: Entry<V> = { answer: ask(), untilMs: Number.POSITIVE_INFINITY }
    this.#entries.set(key, entry)
    try {
      const answer = await entry.answer
      entry.untilMs = this.#host.now() + lifeMs(answer)
      return answer
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      throw error
    }
  }
}
