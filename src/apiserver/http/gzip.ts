import type { Writable } from 'node:stream'
import { createGzip, type Gzip } from 'node:zlib'
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
