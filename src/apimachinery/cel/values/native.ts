import { mapsEqual, ValueList } from './collections.ts'
import { equals } from './compare.ts'
import { wholeNumber } from './integers.ts'
import { formatDuration, formatTimestamp } from './times.ts'
import {
  CelError,
  Double,
  Duration,
  type Equality,
  List,
  MapValue,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts'

/** A list of JSON, of which nothing is known. */
class NativeList extends List {
  readonly #raw: readonly unknown[]

  constructor(raw: readonly unknown[]) {
    super()
    this.#raw = raw
  }

  override get raw(): unknown {
    return this.#raw
  }

  get size(): number {
    return this.#raw.length
  }

  at(index: number): Value {
    return nativeValue(this.#raw[index])
  }

  equals(other: Value): Equality {
    return new ValueList([...this]).equals(other)
  }

  contains(value: Value): Equality {
    return this.#raw.some((element) => equals(value, nativeValue(element)) === true)
  }

  concat(other: List): Value {
    return new ValueList([...this]).concat(other)
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object of JSON, of which nothing is known. */
class NativeMap extends MapValue {
  readonly #raw: Readonly<Record<string, unknown>>

  constructor(raw: Readonly<Record<string, unknown>>) {
    super()
    this.#raw = raw
  }

  override get raw(): unknown {
    return this.#raw
  }

  get size(): number {
    return Object.keys(this.#raw).length
  }

  find(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#raw, key)) return undefined
    const value = this.#raw[key]
    return value === undefined ? undefined : nativeValue(value)
  }

  keys(): Iterable<Value> {
    return Object.keys(this.#raw)
  }

  equals(other: Value): Equality {
    return mapsEqual(this, other)
  }
}

/** A JSON value without a schema: whole numbers are integers, others doubles. */
export function nativeValue(raw: unknown): Value {
  switch (typeof raw) {
    case 'string':
    case 'boolean':
      return raw
    case 'bigint':
    case 'number':
      return wholeNumber(raw) ?? new Double(Number(raw))
    default:
      if (raw === null || raw === undefined) return null
      if (Array.isArray(raw)) return new NativeList(raw)
      return isObject(raw) ? new NativeMap(raw) : new CelError('unsupported conversion to ref.Val')
  }
}

function nativeMap(map: MapValue): unknown {
  if (map.raw !== undefined) return map.raw
  const entries = [...map.keys()].map((key): [string, unknown] => [
    String(toNative(key)),
    toNative(map.find(key) ?? null),
  ])
  return Object.fromEntries(entries)
}

/** The JSON that stands for a value: times as text, bytes and libraries' own types as their text. */
export function toNative(value: Value): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Double || value instanceof Uint) return value.value
  if (value instanceof List) return value.raw ?? [...value].map(toNative)
  if (value instanceof MapValue) return nativeMap(value)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  if (value instanceof Optional) return value.value === undefined ? null : toNative(value.value)
  if (value instanceof TypeValue) return value.type.name
  if (value instanceof Opaque) return value.toString()
  return value instanceof CelError ? value.message : [...value]
}
