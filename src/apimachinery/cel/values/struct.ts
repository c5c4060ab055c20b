import type { CelType } from '../types/type.ts'
import { mapsEqual } from './collections.ts'
import { type Equality, MapValue, type Value } from './value.ts'

/** An object that an expression made: `Object{spec: …}`. */
export class StructValue extends MapValue {
  readonly #type: CelType
  readonly #fields: ReadonlyMap<string, Value>

  constructor(type: CelType, fields: ReadonlyMap<string, Value>) {
    super()
    this.#type = type
    this.#fields = fields
  }

  override get structType(): CelType {
    return this.#type
  }

  get size(): number {
    return this.#fields.size
  }

  find(key: Value): Value | undefined {
    return typeof key === 'string' ? this.#fields.get(key) : undefined
  }

  keys(): Iterable<Value> {
    return this.#fields.keys()
  }

  equals(other: Value): Equality {
    return other instanceof StructValue && other.#type.name === this.#type.name && mapsEqual(this, other)
  }
}
