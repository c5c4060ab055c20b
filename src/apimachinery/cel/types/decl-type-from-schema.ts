import { utf8Length } from '../../utf8-length.ts'
import {
  boolDecl,
  type DeclField,
  type DeclType,
  doubleDecl,
  intDecl,
  listDecl,
  mapDecl,
  objectDecl,
  simpleDecl,
  stringDecl,
  unnamedObject,
} from './decl-type.ts'
import { escapeName } from './escape.ts'
import { bytesType, durationType, dynType, stringType, timestampType } from './type.ts'
import {
  additionalSchema,
  isEmbeddedResource,
  type ValueSchema,
  withTypeAndObjectMeta,
} from './value-schema.ts'

/** The largest request that the API server takes, in bytes: what no schema bounds is bounded by it. */
const maxRequestBytes = 3 * 1024 * 1024

const atLeastZero = (value: number): number => Math.max(value, 0)
/** A character of `maxLength` may take four bytes. */
const bytesOfLength = (maxLength: number): number => atLeastZero(maxLength) * 4

function enumBytes(values: readonly unknown[]): number {
  return Math.max(0, ...values.map((value) => (typeof value === 'string' ? utf8Length(value) : 0)))
}

function stringDeclOf(schema: ValueSchema): DeclType {
  const unbounded = maxRequestBytes - 2
  switch (schema.format) {
    case 'byte':
      return simpleDecl(
        'bytes',
        bytesType,
        2,
        schema.maxLength === undefined ? unbounded : atLeastZero(schema.maxLength),
      )
    case 'duration':
      return simpleDecl('duration', durationType, 3, 32)
    case 'date':
      return simpleDecl('timestamp', timestampType, 12, 12)
    case 'date-time':
      return simpleDecl('timestamp', timestampType, 21, 32)
    default: {
      if (schema.maxLength !== undefined) {
        return simpleDecl('string', stringType, 2, bytesOfLength(schema.maxLength))
      }
      const values = schema.enum ?? []
      return simpleDecl('string', stringType, 2, values.length > 0 ? enumBytes(values) : unbounded)
    }
  }
}

function listDeclOf(schema: ValueSchema): DeclType | undefined {
  const items = schema.items
  if (items === undefined) return undefined
  const elements = declTypeFromSchema(items, isEmbeddedResource(items))
  if (elements === undefined) return undefined
  const most = Math.trunc((maxRequestBytes - 2) / (elements.minSerializedSize + 1))
  return listDecl(elements, schema.maxItems === undefined ? most : atLeastZero(schema.maxItems))
}

function mapDeclOf(schema: ValueSchema, values: ValueSchema): DeclType | undefined {
  const type = declTypeFromSchema(values, isEmbeddedResource(values))
  if (type === undefined) return undefined
  const most = Math.trunc((maxRequestBytes - 2) / (type.minSerializedSize + 6))
  return mapDecl(
    stringDecl,
    type,
    schema.maxProperties === undefined ? most : atLeastZero(schema.maxProperties),
  )
}

function objectDeclOf(schema: ValueSchema): DeclType {
  const required = new Set(schema.required ?? [])
  const fields = new Map<string, DeclField>()
  let minSerializedSize = 2
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const type = declTypeFromSchema(property, isEmbeddedResource(property))
    if (type === undefined) continue
    const escaped = escapeName(name)
    if (escaped !== undefined) fields.set(escaped, { name: escaped, type, required: required.has(name) })
    if (required.has(name) && (property.default ?? null) === null) {
      minSerializedSize += utf8Length(name) + type.minSerializedSize + 4
    }
  }
  return objectDecl(unnamedObject, fields, minSerializedSize)
}

/**
 * The type of a schema's values; undefined if expressions cannot reach them (no type, no items). `isResourceRoot`:
 * the schema is a whole API object's, so that `apiVersion`, `kind` and `metadata.name` are there.
 */
export function declTypeFromSchema(schema: ValueSchema, isResourceRoot: boolean): DeclType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    const most = schema.maxLength === undefined ? maxRequestBytes - 2 : bytesOfLength(schema.maxLength)
    return simpleDecl('dyn', dynType, 1, most)
  }
  const whole = isResourceRoot ? withTypeAndObjectMeta(schema) : schema
  switch (whole.type) {
    case 'array':
      return listDeclOf(whole)
    case 'object': {
      const values = additionalSchema(whole)
      return values === undefined ? objectDeclOf(whole) : mapDeclOf(whole, values)
    }
    case 'string':
      return stringDeclOf(whole)
    case 'boolean':
      return boolDecl
    case 'number':
      return doubleDecl
    case 'integer':
      return intDecl
    default:
      return undefined
  }
}

/** How many values of a type fit into one request: how often a rule on it may run. */
export const maxCardinality = (minSerializedSize: number): number =>
  Math.trunc(maxRequestBytes / (minSerializedSize + 1))
