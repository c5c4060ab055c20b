import { goTypeOf } from '../codec/go-types.ts'
import type { Schema } from '../schema.ts'
import { type Fields, goKindOfJson, goTypeOfJson, isFields, isList } from './patch-value.ts'

const anything: Schema = {}

function scalarComplaint(value: unknown, schema: Schema): string | undefined {
  const given = goTypeOfJson(value)
  const wanted = schema.type === 'boolean' ? 'bool' : schema.type === 'string' ? 'string' : 'number'
  if (given === 'string' || given === 'bool') {
    if (given === wanted) return undefined
  } else if (given === 'int64' || given === 'float64') {
    if (wanted === 'number') {
      const whole = schema.type === 'number' || given === 'int64' || Number.isInteger(Number(value))
      return whole ? undefined : `cannot convert float64 to ${goTypeOf(schema)}`
    }
    if (wanted === 'string' && given === 'int64') return `cannot convert int64 to ${goTypeOf(schema)}`
  }
  const kind =
    schema.type === 'integer' ? (schema.format ?? 'int64') : schema.type === 'number' ? 'float64' : wanted
  return `unrecognized type: ${kind}`
}

/**
 * Why upstream could not make an object of a patched map (its converter between maps and Go's structs words that
 * otherwise than its decoder of JSON); undefined if it is not for a value of the wrong type. There is none about what
 * the map shares with `known`, an object of the schema.
 */
export function restoreComplaint(value: unknown, schema: Schema, known?: unknown): string | undefined {
  if (value === null || value === undefined || (value === known && typeof value === 'object'))
    return undefined
  if (schema.type === 'array') {
    if (!isList(value)) return `cannot restore slice from ${goKindOfJson(value)}`
    return firstOf(value, () => schema.items ?? anything)
  }
  const values = schema.additionalProperties
  if (typeof values === 'object') {
    if (!isFields(value)) return `cannot restore map from ${goKindOfJson(value)}`
    return firstOf(Object.values(value), () => values)
  }
  const { properties } = schema
  if (properties !== undefined) {
    if (!isFields(value)) return `cannot restore struct from: ${goKindOfJson(value)}`
    return firstOfStruct(value, properties, isFields(known) ? known : undefined)
  }
  const decodesItself = schema.intOrString === true || schema.type === undefined || schema.type === 'object'
  const formatted = schema.format !== undefined && schema.type === 'string'
  return decodesItself || formatted ? undefined : scalarComplaint(value, schema)
}

/** The first by the order of the struct's fields; most have none, which the value's own fields tell sooner. */
function firstOfStruct(
  value: Fields,
  properties: Readonly<Record<string, Schema>>,
  known: Fields | undefined,
): string | undefined {
  const complaintOf = (key: string): string | undefined =>
    Object.hasOwn(properties, key)
      ? restoreComplaint(value[key], properties[key] ?? anything, known?.[key])
      : undefined
  for (const key in value) {
    if (complaintOf(key) === undefined) continue
    for (const ordered in properties) {
      const complaint = complaintOf(ordered)
      if (complaint !== undefined) return complaint
    }
  }
  return undefined
}

function firstOf(values: readonly unknown[], schemaOf: () => Schema): string | undefined {
  for (const value of values) {
    const complaint = restoreComplaint(value, schemaOf())
    if (complaint !== undefined) return complaint
  }
  return undefined
}
