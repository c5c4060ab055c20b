import type { Schema } from '../../schema.ts'
import type { ValueSchema } from './value-schema.ts'

/** What holds anything: expressions may do with it what they like. */
const anything: ValueSchema = { 'x-kubernetes-int-or-string': true }

const formats: Readonly<Record<string, string>> = {
  byte: 'byte',
  'date-time': 'date-time',
  'date-time-micro': 'date-time',
}

/** The schema of a built-in type as CEL reads it. A type inside of itself may be anything. */
export function valueSchemaOf(schema: Schema, around: ReadonlySet<string> = new Set()): ValueSchema {
  const { name, type, format, properties, items, additionalProperties, required } = schema
  if (schema.intOrString === true || (name !== undefined && around.has(name))) return anything
  const inside = name === undefined ? around : new Set([...around, name])
  const of = (part: Schema): ValueSchema => valueSchemaOf(part, inside)
  const known = formats[format ?? '']
  return {
    type,
    ...(known === undefined ? {} : { format: known }),
    ...(required === undefined ? {} : { required }),
    ...(items === undefined ? {} : { items: of(items) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, of(part)])) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: additionalProperties === true ? anything : of(additionalProperties) }),
  }
}
