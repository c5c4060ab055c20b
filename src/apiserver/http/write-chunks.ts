import type { Writable } from 'node:stream'

/** One write of this size costs little more than a small one; larger ones hold up the connection's other streams. */
export const blockBytes = 64 * 1024

/** The chunks as blocks of about `blockBytes`: small ones are joined, large ones cut. */
function* blocks(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  for (const chunk of chunks) {
    if (pendingBytes > 0 && pendingBytes + chunk.length > blockBytes) {
      yield Buffer.concat(pending, pendingBytes)
      pending = []
      pendingBytes = 0
    }
    if (chunk.length < blockBytes) {
      pending.push(chunk)
      pendingBytes += chunk.length
      continue
    }
    for (let start = 0; start < chunk.length; start += blockBytes)
      yield chunk.subarray(start, start + blockBytes)
  }
  if (pendingBytes > 0) yield Buffer.concat(pending, pendingBytes)
}

/** Writes `chunks` (of `length` bytes in all), waiting where the client is slow, and ends `target`. */
export function writeChunks(target: Writable, chunks: readonly Uint8Array[], length: number): void {
  if (length <= blockBytes) {
    const [only] = chunks
    if (length === 0 || only === undefined) target.end()
    else target.end(chunks.length === 1 ? only : Buffer.concat(chunks, length))
    return
  }
  const rest = blocks(chunks)
  const pump = (): void => {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      if (target.destroyed) return
      if (!target.write(next.value)) {
        target.once('drain', pump)
        return
      }
    }
    target.end()
  }
  pump()
}
