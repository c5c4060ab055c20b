/** A list's bytes, made as there is room for them. */
export interface ListSource {
  /** Writes what comes next to the beginning of `chunk`; gives how many bytes, 0 at the end. */
  fill(chunk: Uint8Array): number
}

/** A list of pieces that are there already, or made one by one. */
export class PieceSource implements ListSource {
  readonly #pieces: Iterator<Uint8Array>
  #rest: Uint8Array | undefined

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]()
  }

  fill(chunk: Uint8Array): number {
    let used = 0
    for (;;) {
      const piece = this.#rest ?? this.#take()
      this.#rest = undefined
      if (piece === undefined) return used
      const room = chunk.length - used
      if (piece.length <= room) {
        chunk.set(piece, used)
        used += piece.length
        continue
      }
      chunk.set(piece.subarray(0, room), used)
      this.#rest = piece.subarray(room)
      return chunk.length
    }
  }

  #take(): Uint8Array | undefined {
    const { done, value } = this.#pieces.next()
    return done ? undefined : value
  }
}

/** All bytes of a list. `expectedBytes`, above 0, spares memory and copies where it is enough. */
export function wholeOf(source: ListSource, expectedBytes: number): readonly Uint8Array[] {
  const chunks: Uint8Array[] = []
  let chunk = new Uint8Array(expectedBytes)
  let used = 0
  for (;;) {
    if (used === chunk.length) {
      chunks.push(chunk)
      chunk = new Uint8Array(expectedBytes)
      used = 0
    }
    const more = source.fill(used === 0 ? chunk : chunk.subarray(used))
    if (more === 0) break
    used += more
  }
  if (used > 0) chunks.push(chunk.subarray(0, used))
  return chunks
}
