import { DecodeError } from './decode-error.ts'
import type { ParsedBody } from './decode-object.ts'
import { parseJson } from './json-parse.ts'

/** Reads `application/json`. Throws DecodeError. */
export function parseJsonBody(body: Uint8Array): ParsedBody {
  try {
    return parseJson(new TextDecoder().decode(body))
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new DecodeError(`couldn't get version/kind; json parse error: ${error.message}`)
  }
}
