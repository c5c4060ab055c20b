const newline = 10

/** Splits a stream of bytes into lines of JSON. A line may come in many chunks, a chunk may hold many lines. */
export class JsonLines<T> {
  #rest: Buffer[] = []

  /** The values of the lines that the chunk completes. */
  push(chunk: Buffer): readonly T[] {
    const end = chunk.lastIndexOf(newline)
    if (end < 0) {
      this.#rest.push(chunk)
      return []
    }
    const complete = Buffer.concat([...this.#rest, chunk.subarray(0, end)])
    this.#rest = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : []
    const values: T[] = []
    for (const line of complete.toString('utf8').split('\n')) {
      // What the server writes on a watch is what the caller asked for.
      if (line !== '') values.push(JSON.parse(line) as T)
    }
    return values
  }
}
