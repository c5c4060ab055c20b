import type { Readable } from 'node:stream'
import { badRequest, statusError } from '../../apimachinery/status-error.ts'
import type { RequestBody } from '../request.ts'
import { BodyPieces } from './body-pieces.ts'

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
    const pieces = new BodyPieces()
    let length = 0
    let ended = false
    source.on('data', (chunk: Uint8Array) => {
      length += chunk.length
      if (length <= maxBytes) {
        pieces.add(chunk)
      } else {
        pieces.clear()
        source.pause()
        reject(tooLarge(maxBytes))
      }
    })
    source.once('end', () => {
      ended = true
      resolve({ type: 'bytes', bytes: pieces.take() })
    })
    source.once('error', reject)
    source.once('close', () => {
      // An error costs its stack, so none is made where nobody would see it.
      if (!ended) reject(badRequest('the request was cut off before its body was complete'))
    })
  })
}
