import type { Writable } from 'node:stream'
import { createGzip, type Gzip, gzip } from 'node:zlib'
import type { ServerRequest } from '../request.ts'

/** Smaller responses are sent as they are (`defaultGzipThresholdBytes`). */
export const gzipThresholdBytes = 128 * 1024

/** Upstream's `defaultGzipContentEncodingLevel`: the network is fast, the processor is not. */
const gzipLevel = 1

export function acceptsGzip(request: ServerRequest): boolean {
  const accepted = request.header('accept-encoding')
  return accepted?.includes('gzip') === true && accepted.split(',').some((coding) => coding.trim() === 'gzip')
}

/** A compressor (in Node's thread pool) whose output goes to `body`. */
export function gzipTo(body: Writable): Gzip {
  const gzip = createGzip({ level: gzipLevel })
  body.once('close', () => gzip.destroy())
  gzip.pipe(body)
  return gzip
}

/** Of compressed bytes that leave the thread pool together. */
const wholeChunkBytes = 256 * 1024

/**
 * Compresses a body that is there already, in one step of the thread pool or few: each waits for a thread and then for
 * a turn of the event loop, and on a busy machine dozens of them take longer than clients wait. `done` is given
 * nothing where it failed.
 */
export function gzipWhole(
  chunks: readonly Uint8Array[],
  length: number,
  done: (bytes: Uint8Array | undefined) => void,
): void {
  const [only] = chunks
  const whole = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length)
  gzip(whole, { level: gzipLevel, chunkSize: wholeChunkBytes }, (error, bytes) =>
    done(error === null ? bytes : undefined),
  )
}
