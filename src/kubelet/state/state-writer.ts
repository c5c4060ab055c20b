import type { StateStore } from './state-store.ts'

/** Writes the newest state of a part of an agent, never two at once: whoever comes while a write is under way shares the next one. */
export class StateWriter {
  readonly #store: StateStore | undefined
  readonly #text: () => string
  #writing: Promise<void> | undefined
  #waiting: Promise<void> | undefined

  constructor(store: StateStore | undefined, text: () => string) {
    this.#store = store
    this.#text = text
  }

  /** Resolves when what there is now is kept. */
  write(): Promise<void> {
    if (this.#store === undefined) return Promise.resolve()
    // Also when none is under way any more: the next one begins only some steps after the last has ended.
    if (this.#waiting !== undefined) return this.#waiting
    const store = this.#store
    if (this.#writing === undefined) return this.#begin(store)
    this.#waiting = this.#writing
      .catch(() => {})
      .then(() => {
        this.#waiting = undefined
        return this.#begin(store)
      })
    return this.#waiting
  }

  #begin(store: StateStore): Promise<void> {
    const writing = store.save(this.#text()).finally(() => {
      if (this.#writing === writing) this.#writing = undefined
    })
    this.#writing = writing
    return writing
  }
}
