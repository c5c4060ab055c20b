import { jsonText } from '../../../base/json-text.ts'
import { ValueList } from './collections.ts'
import { equals } from './compare.ts'
import { toNative } from './native.ts'
import { CelError, type Equality, List, noSuchOverload, type Value } from './value.ts'

/** An array of a schema. What is added to it becomes part of the same array. */
export class SchemaList extends List {
  protected readonly elements: readonly unknown[]
  protected readonly bind: (raw: unknown) => Value

  constructor(raw: readonly unknown[], bind: (raw: unknown) => Value) {
    super()
    this.elements = raw
    this.bind = bind
  }

  override get raw(): unknown {
    return this.elements
  }

  get size(): number {
    return this.elements.length
  }

  at(index: number): Value {
    return this.bind(this.elements[index])
  }

  equals(other: Value): Equality {
    if (!(other instanceof List)) return noSuchOverload()
    if (other.size !== this.size) return false
    for (let index = 0; index < this.size; index++) {
      const result = equals(this.at(index), other.at(index))
      if (result !== true) return result
    }
    return true
  }

  contains(value: Value): Equality {
    let error: CelError | undefined
    for (const element of this) {
      const result = equals(element, value)
      if (result === true) return true
      if (result instanceof CelError) error ??= result
    }
    return error ?? false
  }

  concat(other: List): Value {
    return new ValueList([...this, ...other])
  }
}

/** `x-kubernetes-list-type: set`: order does not matter, and adding leaves out what is there. */
export class SchemaSetList extends SchemaList {
  override equals(other: Value): Equality {
    if (!(other instanceof List)) return noSuchOverload()
    if (other.size !== this.size) return false
    const known = new Set(this.elements)
    return [...other].every((value) => known.has(toNative(value)))
  }

  override concat(other: List): Value {
    const known = new Set(this.elements)
    for (const value of other) known.add(toNative(value))
    return new SchemaSetList([...known], this.bind)
  }
}

/** `x-kubernetes-list-type: map`: elements are told apart by their keys; adding puts an element in its twin's place. */
export class SchemaMapList extends SchemaList {
  readonly #keys: readonly string[]

  constructor(raw: readonly unknown[], bind: (raw: unknown) => Value, keys: readonly string[]) {
    super(raw, bind)
    this.#keys = keys
  }

  #keyOf(raw: unknown): string {
    if (typeof raw !== 'object' || raw === null) return jsonText(raw)
    return jsonText(this.#keys.map((key) => Reflect.get(raw, key) ?? null))
  }

  override equals(other: Value): Equality {
    if (!(other instanceof List)) return noSuchOverload()
    if (other.size !== this.size) return false
    const byKey = new Map(this.elements.map((element) => [this.#keyOf(element), element]))
    for (const value of other) {
      const key = this.#keyOf(toNative(value))
      if (!byKey.has(key)) return false
      const result = equals(this.bind(byKey.get(key)), value)
      if (result !== true) return result
    }
    return true
  }

  override concat(other: List): Value {
    const byKey = new Map(this.elements.map((element) => [this.#keyOf(element), element]))
    for (const value of other) {
      const raw = toNative(value)
      byKey.set(this.#keyOf(raw), raw)
    }
    return new SchemaMapList([...byKey.values()], this.bind, this.#keys)
  }
}
