/** Bytes on their way to one reader, who holds the writer back when it is slow. */
export class ByteQueue implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = []
  readonly #limitBytes: number
  #bytes = 0
  #ended = false
  #wake: (() => void) | undefined
  #room: (() => void) | undefined

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Resolves when there is room for more. */
  async push(bytes: Uint8Array): Promise<void> {
    if (this.#ended) return
    this.#chunks.push(bytes)
    this.#bytes += bytes.length
    this.#wake?.()
    if (this.#bytes < this.#limitBytes) return
    await new Promise<void>((resolve) => {
      this.#room = resolve
    })
  }

  /** What was pushed before is still read. */
  end(): void {
    this.#ended = true
    this.#wake?.()
    this.#room?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
        this.#bytes -= chunk.length
        if (this.#bytes < this.#limitBytes) this.#room?.()
        yield chunk
      }
      if (this.#ended) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
