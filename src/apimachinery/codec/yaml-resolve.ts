import { DecodeError } from './decode-error.ts'
import { NumberLiteral } from './number-literal.ts'

const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (word) => [word, true] as const,
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (word) => [word, false] as const,
  ),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
])

const infinite = /^(?:[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const integer = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)$/

function resolveInteger(text: string): number | NumberLiteral | undefined {
  const [, sign, digits] = integer.exec(text) ?? []
  if (digits === undefined || /^0[oO]$/.test(digits)) return undefined
  const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase())
  const signed = sign === '-' ? -value : value
  if (signed < -(2n ** 63n) || signed >= 2n ** 64n) return undefined
  const number = Number(signed)
  return Number.isSafeInteger(number) ? number : new NumberLiteral(`${signed}`)
}

/**
 * What a plain scalar means, by the rules of the YAML library that Kubernetes uses: YAML 1.1 without base 60 and
 * without timestamps, which stay text. Throws DecodeError for infinities, which JSON does not have.
 */
export function resolvePlain(text: string): string | number | boolean | null | NumberLiteral {
  const word = words.get(text)
  if (word !== undefined) return word
  if (infinite.test(text)) throw new DecodeError(`json: unsupported value: ${goFloat(text)}`)
  const first = text.charCodeAt(0)
  const startsNumber = (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e
  if (!startsNumber) return text
  const plain = first === 0x2e ? text : text.replaceAll('_', '')
  const resolved = resolveInteger(plain)
  if (resolved !== undefined) return resolved
  return float.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : text
}

/** How Go prints what is no number of JSON's. */
function goFloat(text: string): string {
  if (/nan$/i.test(text)) return 'NaN'
  return text.startsWith('-') ? '-Inf' : '+Inf'
}
