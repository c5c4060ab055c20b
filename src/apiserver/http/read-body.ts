import type { Readable } from 'node:stream'
import { badRequest, statusError } from '../../apimachinery/status-error.ts'
import type { RequestBody } from '../request.ts'

const noBytes = new Uint8Array(0)

const tooLarge = (maxBytes: number): Error =>
  statusError('RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`)

/**
 * A request's body, whole. `announcedBytes` is its Content-Length: a client that announces too much is refused
 * before it has sent it.
 */
export function readBody(
  source: Readable,
  announcedBytes: number | undefined,
  maxBytes: number,
): Promise<RequestBody> {
  if (announcedBytes !== undefined && announcedBytes > maxBytes) return Promise.reject(tooLarge(maxBytes))
  if (source.readableEnded) return Promise.resolve({ type: 'bytes', bytes: noBytes })
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let length = 0
    let ended = false
    source.on('data', (chunk: Uint8Array) => {
      length += chunk.length
      if (length <= maxBytes) {
        chunks.push(chunk)
      } else {
        chunks.length = 0
        source.pause()
        reject(tooLarge(maxBytes))
      }
    })
    source.once('end', () => {
      ended = true
      const [first = noBytes] = chunks
      resolve({ type: 'bytes', bytes: chunks.length <= 1 ? first : Buffer.concat(chunks, length) })
    })
    source.once('error', reject)
    source.once('close', () => {
      // An error costs its stack, so none is made where nobody would see it.
      if (!ended) reject(badRequest('the request was cut off before its body was complete'))
    })
  })
}
