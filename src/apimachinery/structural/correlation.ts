import { jsonEqual } from '../json-equal.ts'
import { isList, isObject } from './json-schema.ts'
import type { StructuralSchema } from './structural-schema.ts'

/**
 * A value and what was in its place before, as far as that can be told: what did not change may stay wrong
 * (KEP-4008). Items of lists have a place only where keys tell them apart.
 */
export class Correlation {
  readonly value: unknown
  readonly old: unknown
  readonly #schema: StructuralSchema | undefined
  readonly #children = new Map<string | number, Correlation | undefined>()
  #keyed: ReadonlyMap<string, unknown> | undefined
  #equal: boolean | undefined

  constructor(value: unknown, old: unknown, schema: StructuralSchema | undefined) {
    this.value = value
    this.old = old
    this.#schema = schema
  }

  /** Compared once, from the parts that have been compared. */
  get isSame(): boolean {
    this.#equal ??= jsonEqual(this.value, this.old)
    return this.#equal
  }

  key(field: string): Correlation | undefined {
    return this.#child(field, () => {
      const { value, old } = this
      if (this.#schema === undefined || !isObject(value) || !isObject(old)) return undefined
      if (!Object.hasOwn(value, field) || !Object.hasOwn(old, field)) return undefined
      const schema = this.#schema.field(field)
      return schema === undefined ? undefined : new Correlation(value[field], old[field], schema)
    })
  }

  index(index: number): Correlation | undefined {
    return this.#child(index, () => {
      const { value, old } = this
      const items = this.#schema?.items
      if (items === undefined || this.#schema?.listType !== 'map' || !isList(value) || !isList(old))
        return undefined
      const key = this.#keyOf(value[index])
      this.#keyed ??= new Map(old.map((item) => [this.#keyOf(item), item]))
      return this.#keyed.has(key) ? new Correlation(value[index], this.#keyed.get(key), items) : undefined
    })
  }

  #keyOf(item: unknown): string {
    const fields = isObject(item) ? item : {}
    return JSON.stringify((this.#schema?.listMapKeys ?? []).map((key) => fields[key] ?? null))
  }

  #child(at: string | number, make: () => Correlation | undefined): Correlation | undefined {
    if (this.#children.has(at)) return this.#children.get(at)
    const made = make()
    this.#children.set(at, made)
    return made
  }
}
