/** Small enough to stay in the processor's cache from packing to encryption. */
export const chunkBytes = 128 * 1024
/** Chunks that wait to be used again. */
const maxFree = 64

/** Memory that lists are packed into. One for a server: made anew for each list it would keep the garbage collector busy. */
export class ChunkPool {
  readonly #free: Uint8Array[] = []

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(chunkBytes)
  }

  /** Nobody looks at it any more. */
  give(chunk: Uint8Array): void {
    if (this.#free.length < maxFree) this.#free.push(chunk)
  }
}
