import { NumberLiteral } from '../codec/number-literal.ts'
import type { JsonValue } from '../meta.ts'

export type Fields = { readonly [key: string]: JsonValue }

/** A JSON object. A number that the exact parser has kept as text is none. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral)

export const isList = (value: unknown): value is readonly JsonValue[] => Array.isArray(value)

/** What Go's decoder makes of a JSON value, as errors print it. */
export function goTypeOfJson(value: unknown): string {
  if (value === null || value === undefined) return '%!s(<nil>)'
  if (isList(value)) return '[]interface {}'
  if (isFields(value)) return 'map[string]interface {}'
  if (value instanceof NumberLiteral) return value.isInteger ? 'int64' : 'float64'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

/** As `goTypeOfJson`, Go's word for the kind of type: `map`, `slice`. */
export function goKindOfJson(value: unknown): string {
  if (isList(value)) return 'slice'
  return isFields(value) ? 'map' : goTypeOfJson(value)
}
