const noBytes = new Uint8Array(0)
/** So many small pieces become one: a sender of single bytes costs the memory of its bytes, not that of as many arrays. */
const mergeAt = 512

/** A body as it arrives, in pieces of any size. */
export class BodyPieces {
  #pieces: Uint8Array[] = []
  /** How many at the front are merged ones. */
  #merged = 0

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    if (this.#pieces.length - this.#merged < mergeAt) return
    const tail = this.#pieces.splice(this.#merged)
    this.#pieces.push(new Uint8Array(Buffer.concat(tail)))
    this.#merged++
  }

  /** How many arrays it holds. */
  get count(): number {
    return this.#pieces.length
  }

  /** All of it; nothing is kept. */
  take(): Uint8Array {
    const pieces = this.#pieces
    this.clear()
    return pieces.length <= 1 ? (pieces[0] ?? noBytes) : Buffer.concat(pieces)
  }

  clear(): void {
    this.#pieces = []
    this.#merged = 0
  }
}
