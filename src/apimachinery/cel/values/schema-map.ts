import { jsonEqual } from '../../json-equal.ts'
import { equals } from './compare.ts'
import { CelError, type Equality, MapValue, noSuchOverload, type Value } from './value.ts'

/** How a schema sees the keys of an object. */
export interface MapShape {
  /** With declared properties: names are escaped, and null counts as absent. */
  readonly isObject: boolean
  binderOf(key: string): { value(raw: unknown): Value } | undefined
  escape(key: string): string
  unescape(name: string): string | undefined
}

/** An object of a schema: with properties, or a map with additionalProperties. */
export class SchemaMap extends MapValue {
  readonly fields: Readonly<Record<string, unknown>>
  readonly #shape: MapShape

  constructor(raw: Readonly<Record<string, unknown>>, shape: MapShape) {
    super()
    this.fields = raw
    this.#shape = shape
  }

  override get raw(): unknown {
    return this.fields
  }

  get size(): number {
    return Object.keys(this.fields).length
  }

  find(name: Value): Value | undefined {
    if (typeof name !== 'string') return noSuchOverload()
    const key = this.#shape.unescape(name)
    if (key === undefined || !Object.hasOwn(this.fields, key)) return undefined
    const raw = this.fields[key]
    if (raw === undefined || (raw === null && this.#shape.isObject)) return undefined
    return this.#shape.binderOf(key)?.value(raw)
  }

  *keys(): Iterable<Value> {
    for (const key of Object.keys(this.fields)) {
      if (this.#shape.binderOf(key) !== undefined) yield this.#shape.escape(key)
    }
  }

  equals(other: Value): Equality {
    if (!(other instanceof MapValue)) return noSuchOverload()
    if (other.size !== this.size) return false
    for (const [key, raw] of Object.entries(this.fields)) {
      const result =
        this.#shape.binderOf(key) === undefined
          ? unknownEqual(key, raw, other)
          : this.#declaredEqual(this.#shape.escape(key), other)
      if (result !== true) return result
    }
    return true
  }

  #declaredEqual(name: string, other: MapValue): Equality {
    const left = this.find(name)
    const right = other.find(name)
    if (left === undefined || right === undefined) return left === right
    return right instanceof CelError ? right : equals(left, right)
  }
}

/** What the schema does not know is compared as it stands; absence on the other side is no difference. */
function unknownEqual(key: string, raw: unknown, other: MapValue): Equality {
  if (!(other instanceof SchemaMap)) return noSuchOverload()
  return !Object.hasOwn(other.fields, key) || jsonEqual(raw, other.fields[key])
}
