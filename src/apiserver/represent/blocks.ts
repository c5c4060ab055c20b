const blockBytes = 2 ** 20

/** Pieces, copied one after another into large blocks: a few thousand small arrays would cost more than what they hold. */
export class Blocks {
  readonly #full: Uint8Array[] = []
  #last = new Uint8Array()
  #used = 0
  #bytes = 0

  /** Of all pieces together. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes a copy. */
  add(piece: Uint8Array): void {
    this.#bytes += piece.length
    let rest = piece
    while (rest.length > this.#last.length - this.#used) {
      const room = this.#last.length - this.#used
      this.#last.set(rest.subarray(0, room), this.#used)
      rest = rest.subarray(room)
      if (this.#last.length > 0) this.#full.push(this.#last)
      this.#last = new Uint8Array(blockBytes)
      this.#used = 0
    }
    this.#last.set(rest, this.#used)
    this.#used += rest.length
  }

  /** `head`, then everything that was added; each block is forgotten when the next is asked for. */
  *taken(head: Uint8Array): Iterable<Uint8Array> {
    yield head
    for (let block = this.#full.shift(); block !== undefined; block = this.#full.shift()) yield block
    yield this.#last.subarray(0, this.#used)
    this.#last = new Uint8Array()
    this.#used = 0
  }
}
