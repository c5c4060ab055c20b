import { jsonEqual } from '../json-equal.ts'
import type { JsonValue } from '../meta.ts'
import type { Schema } from '../schema.ts'
import type { FieldSet } from './field-set.ts'
import { type Fields, fieldSchema, isMap, itemSchema, shapeOf } from './typed.ts'

/** Of a value all that the set of its fields depends on, so that another value can be held against it. */
type Mold =
  | { readonly type: 'leaf'; readonly schema: Schema }
  /** Where the kind says something by itself, the value counts. */
  | { readonly type: 'exact'; readonly value: JsonValue }
  | {
      readonly type: 'map'
      readonly schema: Schema
      readonly keys: readonly string[]
      readonly parts: readonly Mold[]
    }
  | { readonly type: 'set'; readonly schema: Schema; readonly items: readonly JsonValue[] }
  | {
      readonly type: 'list'
      readonly schema: Schema
      readonly names: readonly string[]
      /** What each item has for each of `names`. */
      readonly keys: readonly (readonly (JsonValue | undefined)[])[]
      readonly parts: readonly Mold[]
    }

/** `given`: what an object of the kind has there of which nothing has been said. */
function moldOf(value: JsonValue, given: JsonValue | undefined, schema: Schema): Mold {
  const shape = shapeOf(value, schema)
  if (given !== undefined && (shape !== 'map' || !isMap(given))) return { type: 'exact', value }
  if (shape === 'leaf') return { type: 'leaf', schema }
  if (shape === 'map') return mapMold(value as Fields, isMap(given) ? given : {}, schema)
  const items = value as readonly JsonValue[]
  if (schema.listType === 'set') return { type: 'set', schema, items }
  const names = schema.listMapKeys ?? []
  const keys = items.map((item) => names.map((name) => (isMap(item) ? item[name] : undefined)))
  const parts = items.map((item) => moldOf(item, undefined, itemSchema(schema)))
  return { type: 'list', schema, names, keys, parts }
}

function mapMold(map: Fields, given: Fields, schema: Schema): Mold {
  const keys = Object.keys(map).filter((key) => map[key] !== undefined)
  const parts = keys.map((key) =>
    moldOf(map[key] ?? null, Object.hasOwn(given, key) ? given[key] : undefined, fieldSchema(schema, key)),
  )
  return { type: 'map', schema, keys, parts }
}

function fits(value: JsonValue | undefined, mold: Mold): boolean {
  switch (mold.type) {
    case 'exact':
      return value !== undefined && jsonEqual(value, mold.value)
    case 'leaf':
      return typeof value !== 'object' || shapeOf(value, mold.schema) === 'leaf'
    case 'map':
      return shapeOf(value, mold.schema) === 'map' && fitsMap(value as Fields, mold.keys, mold.parts)
    case 'set':
      return shapeOf(value, mold.schema) === 'list' && fitsSet(value as readonly JsonValue[], mold.items)
    case 'list':
      return shapeOf(value, mold.schema) === 'list' && fitsList(value as readonly JsonValue[], mold)
  }
}

/** The order counts, too: the set has it. */
function fitsMap(map: Fields, keys: readonly string[], parts: readonly Mold[]): boolean {
  let index = 0
  for (const key in map) {
    const value = map[key]
    if (value === undefined) continue
    const part = parts[index]
    if (part === undefined || keys[index] !== key || !fits(value, part)) return false
    index++
  }
  return index === keys.length
}

function fitsSet(items: readonly JsonValue[], others: readonly JsonValue[]): boolean {
  if (items.length !== others.length) return false
  for (let index = 0; index < items.length; index++) if (items[index] !== others[index]) return false
  return true
}

function fitsList(items: readonly JsonValue[], mold: Extract<Mold, { readonly type: 'list' }>): boolean {
  const { names, keys, parts } = mold
  if (items.length !== parts.length) return false
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    const part = parts[index]
    if (part === undefined || !isMap(item)) return false
    for (let at = 0; at < names.length; at++) if (item[names[at] ?? ''] !== keys[index]?.[at]) return false
    if (!fits(item, part)) return false
  }
  return true
}

interface Known {
  readonly mold: Mold
  readonly set: FieldSet
}

const maxKnown = 4
/** After so many creates in a row that were all unlike, only some are remembered. */
const patience = 8

/**
 * The fields that creates of one kind came to own. Most objects are created like one shortly before, by the same
 * program from the same template: those share one set, which then is neither worked out nor kept for each of them.
 */
export class CreatedFields {
  readonly schema: Schema
  readonly #given: Fields
  #known: Known[] = []
  #misses = 0

  /** `given`: an object of the kind of which nothing has been said. */
  constructor(schema: Schema, given: Fields) {
    this.schema = schema
    this.#given = given
  }

  /** The set of `object`, as one before had it; else as `make` says. */
  of(object: Fields, make: () => FieldSet): FieldSet {
    for (const known of this.#known) {
      if (!fits(object, known.mold)) continue
      this.#misses = 0
      return known.set
    }
    const set = make()
    if (this.#misses++ <= patience || this.#misses % patience === 0) {
      const mold = moldOf(object, this.#given, this.schema)
      this.#known = [{ mold, set }, ...this.#known.slice(0, maxKnown - 1)]
    }
    return set
  }
}
