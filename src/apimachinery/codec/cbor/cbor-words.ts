import { NumberLiteral } from '../number-literal.ts'

const integerKind = (isNegative: boolean): string => (isNegative ? 'negative integer' : 'positive integer')

/** What a value, as it was read, is called in CBOR. */
export function cborKind(value: unknown): string {
  if (value instanceof NumberLiteral)
    return value.isInteger ? integerKind(value.text.startsWith('-')) : 'primitives'
  if (typeof value === 'number') return Number.isInteger(value) ? integerKind(value < 0) : 'primitives'
  if (typeof value === 'string') return 'UTF-8 text string'
  if (typeof value !== 'object' || value === null) return 'primitives'
  return Array.isArray(value) ? 'array' : 'map'
}

/** That a value does not fit its place, as upstream's library for CBOR says it. `place`: `value`, or `struct field v1.Pod.spec`. */
export function cborTypeError(value: unknown, goType: string, place: string, isStruct = false): string {
  const text = `cbor: cannot unmarshal ${cborKind(value)} into Go ${place} of type ${goType}`
  if (isStruct && Array.isArray(value))
    return `${text} (cannot decode CBOR array to struct without toarray option)`
  const number = value instanceof NumberLiteral ? value.text : value
  const overflows = /^u?int\d*$/.test(goType) && cborKind(value).endsWith('integer')
  return overflows ? `${text} (${number} overflows Go's ${goType})` : text
}
