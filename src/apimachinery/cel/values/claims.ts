import { unescapeName } from '../types/escape.ts'
import { mapsEqual, ValueList } from './collections.ts'
import { Double, type Equality, MapValue, type Value } from './value.ts'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object of a token's claims: names that expressions cannot write are found by their escapes (`a__dot__b`). */
class ClaimsMap extends MapValue {
  readonly #raw: Readonly<Record<string, unknown>>

  constructor(raw: Readonly<Record<string, unknown>>) {
    super()
    this.#raw = raw
  }

  get size(): number {
    return Object.keys(this.#raw).length
  }

  find(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined
    const name = unescapeName(key) ?? key
    return Object.hasOwn(this.#raw, name) ? claimsValue(this.#raw[name]) : undefined
  }

  keys(): Iterable<Value> {
    return Object.keys(this.#raw)
  }

  equals(other: Value): Equality {
    return mapsEqual(this, other)
  }
}

/** The claims of a token, or a user, as expressions of authentication see them: every number is a double, as Go decodes JSON. */
export function claimsValue(raw: unknown): Value {
  if (typeof raw === 'number') return new Double(raw)
  if (typeof raw === 'string' || typeof raw === 'boolean') return raw
  if (Array.isArray(raw)) return new ValueList(raw.map(claimsValue))
  return isObject(raw) ? new ClaimsMap(raw) : null
}
