/** How much a peer may still send, of a stream or of a connection. */
export class ReceiveWindow {
  readonly #sizeBytes: number
  #leftBytes: number
  #releasedBytes = 0

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes
    this.#leftBytes = sizeBytes
  }

  /** False: the peer has sent more than it might. */
  take(bytes: number): boolean {
    this.#leftBytes -= bytes
    return this.#leftBytes >= 0
  }

  /** What was taken needs no room any more. Gives by how much the peer is to be told that its window grows, 0: not yet. */
  release(bytes: number): number {
    this.#releasedBytes += bytes
    if (this.#releasedBytes * 2 < this.#sizeBytes) return 0
    const increment = this.#releasedBytes
    this.#releasedBytes = 0
    this.#leftBytes += increment
    return increment
  }
}
