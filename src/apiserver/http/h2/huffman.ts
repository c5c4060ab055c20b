import { ConnectionError, errorCode } from './protocol.ts'

/** How many bits each byte's code has, 256 being the end mark. The code is canonical, so that says all. Source: RFC 7541, Appendix B. */
const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
]

const endMark = 256
const longest = 30
const quickBits = 8

interface Codes {
  /** By the next 8 bits: symbol × 16 + length for codes that are no longer than that; 0 for others. */
  readonly quick: Uint16Array
  /** For each length: the first code of it, where its symbols begin in `symbols`, and how many there are. */
  readonly firstCode: readonly number[]
  readonly firstSymbol: readonly number[]
  readonly count: readonly number[]
  readonly symbols: readonly number[]
}

function buildCodes(): Codes {
  const quick = new Uint16Array(1 << quickBits)
  const firstCode: number[] = []
  const firstSymbol: number[] = []
  const count: number[] = []
  const symbols: number[] = []
  let code = 0
  for (let length = 0; length <= longest; length++) {
    const ofLength = [...codeLengths.keys()].filter((symbol) => codeLengths[symbol] === length)
    firstCode.push(code)
    firstSymbol.push(symbols.length)
    count.push(ofLength.length)
    symbols.push(...ofLength)
    if (length <= quickBits) {
      for (const [index, symbol] of ofLength.entries()) {
        const from = (code + index) << (quickBits - length)
        quick.fill(symbol * 16 + length, from, from + (1 << (quickBits - length)))
      }
    }
    code = (code + ofLength.length) * 2
  }
  return { quick, firstCode, firstSymbol, count, symbols }
}

const codes = buildCodes()
const { quick } = codes

const malformed = (): ConnectionError =>
  new ConnectionError(errorCode.compression, 'a malformed Huffman code')

/** The 40 bits from the byte at `at` on; ones follow after `end`, as the padding does. */
function fortyBits(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  for (let index = at; index < at + 5; index++)
    value = value * 256 + (index < end ? (bytes[index] ?? 0) : 255)
  return value
}

/** A code of more than 8 bits; gives symbol × 32 + length. */
function longCode(bytes: Uint8Array, bit: number, end: number): number {
  const window = fortyBits(bytes, bit >> 3, end) % 2 ** (40 - (bit & 7))
  const available = 40 - (bit & 7)
  for (let length = quickBits + 1; length <= longest; length++) {
    const index = Math.floor(window / 2 ** (available - length)) - (codes.firstCode[length] ?? 0)
    if (index >= (codes.count[length] ?? 0)) continue
    return (codes.symbols[(codes.firstSymbol[length] ?? 0) + index] ?? endMark) * 32 + length
  }
  throw malformed()
}

/**
 * Decodes `bytes` from `start` to `end` into `target`, which has room for 8 bytes for each 5 of them. Gives how many
 * bytes that makes. Throws ConnectionError.
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let used = 0
  let bit = start * 8
  const endBit = end * 8
  while (bit < endBit) {
    const at = bit >> 3
    const next = at + 1 < end ? (bytes[at + 1] ?? 0) : 255
    const window = ((((bytes[at] ?? 0) << 8) | next) >> (8 - (bit & 7))) & 0xff
    // Less than a byte of ones is padding; no code is so short and all ones.
    if (window === 0xff && endBit - bit < 8) return used
    let found = quick[window] ?? 0
    if (found !== 0) {
      bit += found & 15
      target[used++] = found >> 4
    } else {
      found = longCode(bytes, bit, end)
      bit += found & 31
      if (found >> 5 === endMark) throw malformed()
      target[used++] = found >> 5
    }
  }
  if (bit > endBit) throw malformed()
  return used
}
