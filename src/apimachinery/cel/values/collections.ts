import { equals } from './compare.ts'
import { normalInt } from './integers.ts'
import {
  CelError,
  Double,
  type Equality,
  type Int,
  isInt,
  List,
  MapValue,
  Uint,
  type Value,
} from './value.ts'

/** Equal in size and element by element; an element that cannot be compared does not count. */
function listsEqual(a: List, b: Value): Equality {
  if (!(b instanceof List) || a.size !== b.size) return false
  for (let index = 0; index < a.size; index++) {
    if (equals(a.at(index), b.at(index)) === false) return false
  }
  return true
}

/** A list that an expression made. */
export class ValueList extends List {
  readonly #values: readonly Value[]

  constructor(values: readonly Value[]) {
    super()
    this.#values = values
  }

  get size(): number {
    return this.#values.length
  }

  at(index: number): Value {
    return this.#values[index] ?? null
  }

  equals(other: Value): Equality {
    return listsEqual(this, other)
  }

  contains(value: Value): Equality {
    return this.#values.some((element) => equals(value, element) === true)
  }

  concat(other: List): Value {
    if (this.size === 0) return other
    return other.size === 0 ? this : new ValueList([...this.#values, ...other])
  }
}

/** What `map` and `filter` gather in: adding to it changes it, so that n steps do not copy n lists. */
export class GrowingList extends List {
  readonly #values: Value[] = []

  get size(): number {
    return this.#values.length
  }

  at(index: number): Value {
    return this.#values[index] ?? null
  }

  equals(other: Value): Equality {
    return listsEqual(this, other)
  }

  contains(value: Value): Equality {
    return this.#values.some((element) => equals(value, element) === true)
  }

  concat(other: List): Value {
    for (const value of other) this.#values.push(value)
    return this
  }

  finish(): List {
    return new ValueList(this.#values)
  }
}

/** A key as a Map of JavaScript finds it: 1, 1u and 1.0 are one key. undefined if the value cannot be one. */
function keyOf(value: Value): string | boolean | Int | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || isInt(value)) return value
  if (value instanceof Uint) return value.value
  if (value instanceof Double && Number.isInteger(value.value)) return normalInt(BigInt(value.value))
  return undefined
}

export function mapsEqual(a: MapValue, b: Value): Equality {
  if (!(b instanceof MapValue) || a.size !== b.size) return false
  for (const key of a.keys()) {
    const left = a.find(key)
    const right = b.find(key)
    if (left === undefined || right === undefined || equals(left, right) === false) return false
  }
  return true
}

/** A map that an expression made. */
export class ValueMap extends MapValue {
  readonly #entries: ReadonlyMap<unknown, readonly [Value, Value]>

  constructor(entries: ReadonlyMap<unknown, readonly [Value, Value]>) {
    super()
    this.#entries = entries
  }

  static of(entries: Iterable<readonly [Value, Value]>): MapValue | CelError {
    const map = new GrowingMap()
    for (const [key, value] of entries) {
      const error = map.set(key, value)
      if (error !== undefined) return error
    }
    return map.finish()
  }

  get size(): number {
    return this.#entries.size
  }

  find(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.[1]
  }

  *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key
  }

  equals(other: Value): Equality {
    return mapsEqual(this, other)
  }
}

/** What `transformMap` gathers in. */
export class GrowingMap extends MapValue {
  readonly #entries = new Map<unknown, readonly [Value, Value]>()

  get size(): number {
    return this.#entries.size
  }

  find(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.[1]
  }

  *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key
  }

  equals(other: Value): Equality {
    return mapsEqual(this, other)
  }

  /** A later value takes the place of an earlier one. */
  set(key: Value, value: Value): CelError | undefined {
    const found = key instanceof Double ? undefined : keyOf(key)
    if (found === undefined) return new CelError('unsupported key type')
    this.#entries.set(found, [key, value])
    return undefined
  }

  delete(key: Value): void {
    this.#entries.delete(keyOf(key))
  }

  finish(): MapValue {
    return new ValueMap(this.#entries)
  }
}
