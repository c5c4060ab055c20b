import type { Schema } from '../schema.ts'
import { NumberLiteral } from './number-literal.ts'

/** The name of the Go type behind a schema, as decoding errors print it: `[]v1.Container`, `map[string]string`. */
export function goTypeOf(schema: Schema): string {
  if (schema.goType !== undefined) return schema.goType
  if (schema.name !== undefined) return schema.name.split('.').slice(-2).join('.')
  if (schema.type === 'array') return `[]${goTypeOf(schema.items ?? {})}`
  if (schema.type === 'integer') return schema.format ?? 'int64'
  if (schema.type === 'number') return 'float64'
  if (schema.type === 'boolean') return 'bool'
  if (schema.type === 'string') return schema.format === 'byte' ? '[]uint8' : 'string'
  const values = schema.additionalProperties
  return typeof values === 'object' ? `map[string]${goTypeOf(values)}` : 'map[string]interface {}'
}

/** The Go type of a list's items or a map's values. */
export function goTypeOfItems(schema: Schema): string {
  const own =
    schema.goType === undefined ? undefined : /^(?:\[\]|map\[[^\]]*\])(.+)$/.exec(schema.goType)?.[1]
  if (own !== undefined) return own
  const items = schema.items ?? schema.additionalProperties
  return typeof items === 'object' ? goTypeOf(items) : 'interface {}'
}

/** What Go's decoder calls a value of the wrong type; numbers with their text where `withNumber`. */
export function goValue(value: unknown, withNumber = false): string {
  if (typeof value === 'number') return withNumber ? `number ${value}` : 'number'
  if (value instanceof NumberLiteral) return withNumber ? `number ${value.text}` : 'number'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
