import { decodeBase64 } from '../../../base/base64.ts'
import { jsonText } from '../../../base/json-text.ts'
import { canonicalBase64 } from '../../codec/base64.ts'
import { jsonEqual } from '../../json-equal.ts'
import { escapeName, unescapeName } from '../types/escape.ts'
import { anyType, type CelType } from '../types/type.ts'
import {
  additionalSchema,
  isEmbeddedResource,
  type ValueSchema,
  withTypeAndObjectMeta,
} from '../types/value-schema.ts'
import { wholeNumber } from './integers.ts'
import { toNative } from './native.ts'
import { SchemaList, SchemaMapList, SchemaSetList } from './schema-list.ts'
import { type MapField, type MapShape, SchemaMap } from './schema-map.ts'
import { parseDate, parseDateTime, parseFormatDuration } from './times.ts'
import { CelError, Double, Duration, type Equality, Opaque, type Value } from './value.ts'

/**
 * Makes values of the JSON that a schema describes, lazily: nothing is converted that no expression looks at.
 * One binder serves a schema for good.
 */
export class SchemaBinder {
  readonly #make: (raw: unknown) => Value
  readonly #nullable: boolean

  constructor(schema: ValueSchema) {
    this.#nullable = schema.nullable === true
    this.#make = this.#maker(schema)
  }

  /** Data that does not fit the schema gives an error value. */
  value(raw: unknown): Value {
    if (raw !== null && raw !== undefined) return this.#make(raw)
    return this.#nullable ? null : new CelError('invalid data, got null for schema with nullable=false')
  }

  #maker(schema: ValueSchema): (raw: unknown) => Value {
    if (schema['x-kubernetes-int-or-string'] === true) return intOrString
    switch (schema.type) {
      case 'object':
        return this.#objectMaker(isEmbeddedResource(schema) ? withTypeAndObjectMeta(schema) : schema)
      case 'array':
        return this.#arrayMaker(schema)
      case 'string':
        return stringMaker(schema.format)
      case 'number':
        return (raw) =>
          typeof raw === 'number' || typeof raw === 'bigint'
            ? new Double(Number(raw))
            : mismatch('float', raw)
      case 'integer':
        return (raw) => wholeNumber(raw) ?? mismatch('int', raw)
      case 'boolean':
        return (raw) => (typeof raw === 'boolean' ? raw : mismatch('bool', raw))
      default:
        if (schema['x-kubernetes-preserve-unknown-fields'] === true) return (raw) => new Preserved(raw)
        return () =>
          new CelError(
            'invalid type, expected object, array, number, integer, boolean or string, or no type with ' +
              `x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ${schema.type ?? ''}`,
          )
    }
  }

  #objectMaker(schema: ValueSchema): (raw: unknown) => Value {
    const shape =
      schema.properties === undefined ? this.#mapShape(schema) : this.#objectShape(schema.properties)
    return (raw) =>
      isRecord(raw)
        ? new SchemaMap(raw, shape)
        : new CelError('invalid data, expected a map for the provided schema with type=object')
  }

  #mapShape(schema: ValueSchema): MapShape {
    const values = additionalSchema(schema)
    if (values === undefined) return { isObject: false, field: () => undefined, nameOf: () => undefined }
    const binder = new SchemaBinder(values)
    return { isObject: false, field: (key) => ({ key, binder }), nameOf: (key) => key }
  }

  #objectShape(properties: Readonly<Record<string, ValueSchema>>): MapShape {
    const names = new Map<string, string>()
    const fields = new Map<string, MapField>()
    return {
      isObject: true,
      nameOf: (key) => {
        if (!Object.hasOwn(properties, key)) return undefined
        const known = names.get(key)
        if (known !== undefined) return known
        const name = escapeName(key) ?? key
        names.set(key, name)
        return name
      },
      field: (name) => {
        const known = fields.get(name)
        if (known !== undefined) return known
        const key = unescapeName(name)
        const schema = key !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined
        if (key === undefined || schema === undefined) return undefined
        const field = { key, binder: new SchemaBinder(schema) }
        fields.set(name, field)
        return field
      },
    }
  }

  #arrayMaker(schema: ValueSchema): (raw: unknown) => Value {
    const items = schema.items
    if (items === undefined) {
      return () => new CelError('invalid array type, expected Items with a non-empty Schema')
    }
    const binder = new SchemaBinder(items)
    const make = listMaker(schema, (raw) => binder.value(raw))
    return (raw) =>
      Array.isArray(raw)
        ? make(raw)
        : new CelError('invalid data, expected an array for the provided schema with type=array')
  }
}

const isRecord = (raw: unknown): raw is Readonly<Record<string, unknown>> =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw)

function goTypeOf(raw: unknown): string {
  if (Array.isArray(raw)) return '[]interface {}'
  if (typeof raw === 'number' || typeof raw === 'bigint') {
    return wholeNumber(raw) === undefined ? 'float64' : 'int64'
  }
  if (typeof raw === 'boolean') return 'bool'
  return typeof raw === 'string' ? 'string' : 'map[string]interface {}'
}

const mismatch = (wanted: string, raw: unknown): CelError =>
  new CelError(`invalid data, expected ${wanted}, got ${goTypeOf(raw)}`)

const intOrString = (raw: unknown): Value =>
  typeof raw === 'string'
    ? raw
    : (wholeNumber(raw) ??
      new CelError('invalid data, expected XIntOrString value to be either a string or integer'))

function base64Value(text: string): Value {
  const canonical = canonicalBase64(text)
  return typeof canonical === 'string'
    ? decodeBase64(canonical)
    : new CelError(
        `Invalid byte formatted string ${text}: illegal base64 data at input byte ${canonical.illegalByte}`,
      )
}

function durationValue(text: string): Value {
  const nanos = parseFormatDuration(text)
  return nanos === undefined
    ? new CelError(`Invalid duration ${text}: unable to parse ${text} as duration`)
    : new Duration(nanos)
}

const formats: ReadonlyMap<string, (text: string) => Value> = new Map<string, (text: string) => Value>([
  ['byte', base64Value],
  ['duration', durationValue],
  ['date', (text) => parseDate(text) ?? new CelError(`Invalid date formatted string ${text}`)],
  ['date-time', (text) => parseDateTime(text) ?? new CelError(`Invalid date-time formatted string ${text}`)],
])

function stringMaker(format: string | undefined): (raw: unknown) => Value {
  const parse = formats.get(format ?? '')
  if (parse === undefined) return (raw) => (typeof raw === 'string' ? raw : mismatch('string', raw))
  return (raw) => (typeof raw === 'string' ? parse(raw) : mismatch('string', raw))
}

function listMaker(schema: ValueSchema, bind: (raw: unknown) => Value): (raw: readonly unknown[]) => Value {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return (raw) => new SchemaSetList(raw, bind)
    case 'map':
      return (raw) => new SchemaMapList(raw, bind, keys)
    default:
      return (raw) => new SchemaList(raw, bind)
  }
}

/** What a field keeps that preserves anything: expressions can only compare it. */
class Preserved extends Opaque {
  readonly raw: unknown

  constructor(raw: unknown) {
    super()
    this.raw = raw
  }

  get type(): CelType {
    return anyType
  }

  equals(other: Value): Equality {
    return jsonEqual(this.raw, other instanceof Preserved ? other.raw : toNative(other))
  }

  toString(): string {
    return jsonText(this.raw)
  }
}
