import { DecodeError } from '../decode-error.ts'
import type { ParsedBody } from '../decode-object.ts'
import { readCbor } from './decode-cbor.ts'

/** The media types of one document, and of watches: one document after another. */
export const cborMediaType = 'application/cbor'
export const cborSequenceType = 'application/cbor-seq'

/** Reads `application/cbor`. Throws DecodeError. */
export function parseCborBody(body: Uint8Array): ParsedBody {
  try {
    const { value, exact, problem } = readCbor(body)
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (problem !== undefined && !isMap) throw new DecodeError(problem)
    const cbor = { problem }
    return exact ? { value, cbor, exact: { duplicates: new Map() } } : { value, cbor }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new DecodeError(`unable to determine group/version/kind: ${error.message}`)
  }
}
