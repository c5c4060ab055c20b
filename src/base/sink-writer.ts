import type { ByteSink } from './byte-sink.ts'

/** Writes to a sink, waiting where it is full; several may write at a time. One for a sink. */
export class SinkWriter {
  readonly #sink: ByteSink
  readonly #waiting = new Set<() => void>()

  constructor(sink: ByteSink) {
    this.#sink = sink
    sink.onClose(() => this.#release())
  }

  #release(): void {
    for (const resume of this.#waiting) resume()
    this.#waiting.clear()
  }

  /** Resolves when there is room for more, or nobody takes it any more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#sink.write(bytes)) return
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve)
      if (this.#waiting.size === 1) this.#sink.onDrain(() => this.#release())
    })
  }

  end(): void {
    this.#sink.end()
  }

  destroy(): void {
    this.#sink.destroy()
  }
}
