/**
 * Objects and arrays may nest this deep. Upstream's decoder allows ten times as much; code that walks objects recursively
 * does not, of which the host's own makes no more than 1,600 (copies) and 4,400 levels (JSON).
 */
export const maxDepth = 1000
/** Of what the server has written itself: fields that are owned lie some levels deeper than what they are of. */
export const anyDepth = Number.POSITIVE_INFINITY

/** What a pass over a JSON text finds that the native parser would hide. */
export interface JsonScan {
  /** Members of all objects, duplicates counted each time. */
  readonly members: number
  /** There is a number with a fraction or an exponent, or an integer of 16 digits or more. */
  readonly exactNumbers: boolean
  readonly depth: number
}

const quote = 0x22
const backslash = 0x5c
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** The index of a string's closing quote, -1 if there is none. `start` is its opening one. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && text.charCodeAt(end - 1) === backslash) {
    let slashes = 1
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return end
}

/** Looks for the rare cases in one pass. Of a text that is not JSON it says nothing in particular. */
export function scanJson(text: string): JsonScan {
  let members = 0
  let exactNumbers = false
  let depth = 0
  let open = 0
  let digits = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === quote) {
      index = endOfString(text, index)
      if (index < 0) break
      digits = 0
    } else if (isDigit(code)) {
      digits++
      if (digits > 15) exactNumbers = true
    } else {
      // `.`, `e`, `E` right after a digit; `:`, `{` and `[`, `}` and `]`.
      if (code === 0x2e || ((code | 0x20) === 0x65 && digits > 0)) exactNumbers = true
      else if (code === 0x3a) members++
      else if (code === 0x7b || code === 0x5b) {
        open++
        if (open > depth) depth = open
      } else if (code === 0x7d || code === 0x5d) open--
      digits = 0
    }
  }
  return { members, exactNumbers, depth }
}
