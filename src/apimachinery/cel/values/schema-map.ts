import { jsonEqual } from '../../json-equal.ts'
import { equals } from './compare.ts'
import { CelError, type Equality, MapValue, noSuchOverload, type Value } from './value.ts'

/** How a schema sees the keys of an object. */
export interface MapShape {
  /** With declared properties: names are escaped, and null counts as absent. */
  readonly isObject: boolean
  /** The key that an expression's name means, and what makes values of what stands under it. */
  field(name: string): MapField | undefined
  /** The name by which expressions see a key; undefined if they do not. */
  nameOf(key: string): string | undefined
}

export interface MapField {
  readonly key: string
  readonly binder: { value(raw: unknown): Value }
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
    const field = this.#shape.field(name)
    if (field === undefined || !Object.hasOwn(this.fields, field.key)) return undefined
    const raw = this.fields[field.key]
    if (raw === undefined || (raw === null && this.#shape.isObject)) return undefined
    return field.binder.value(raw)
  }

  *keys(): Iterable<Value> {
    for (const key of Object.keys(this.fields)) {
      const name = this.#shape.nameOf(key)
      if (name !== undefined) yield name
    }
  }

  equals(other: Value): Equality {
    if (!(other instanceof MapValue)) return noSuchOverload()
    if (other.size !== this.size) return false
    for (const [key, raw] of Object.entries(this.fields)) {
      const name = this.#shape.nameOf(key)
      const result = name === undefined ? unknownEqual(key, raw, other) : this.#declaredEqual(name, other)
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
