import { DecodeError } from '../decode-error.ts'
import type { ParsedBody } from '../decode-object.ts'
import { decodeCbor } from './decode-cbor.ts'

/** The media types of one document, and of watches: one document after another. */
export const cborMediaType = 'application/cbor'
export const cborSequenceType = 'application/cbor-seq'

/** Reads `application/cbor`. Throws DecodeError. */
export function parseCborBody(body: Uint8Array): ParsedBody {
  try {
    const { value, exact } = decodeCbor(body)
    return exact ? { value, exact: { duplicates: new Map() } } : { value }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new DecodeError(`unable to determine group/version/kind: ${error.message}`)
  }
}
