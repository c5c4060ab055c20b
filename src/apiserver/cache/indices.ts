import type { CachedObject } from './cached-object.ts'
import type { ResourceCache } from './resource-cache.ts'
import { namespaceOf, type Selection } from './selection.ts'
import { ValueIndex } from './value-index.ts'

/** Below this many objects looking at each is as fast. */
const worthwhileObjects = 128
const maxIndices = 8

/** Indices of a resource over labels and selectable fields, made when a selection first has use for one. */
export class Indices {
  readonly #cache: ResourceCache
  readonly #indices = new Map<string, ValueIndex>()

  constructor(cache: ResourceCache) {
    this.#cache = cache
  }

  clear(): void {
    this.#indices.clear()
  }

  replace(before: CachedObject | undefined, now: CachedObject | undefined): void {
    for (const index of this.#indices.values()) {
      if (before !== undefined) index.remove(before)
      if (now !== undefined) index.add(now)
    }
  }

  /** A set that holds all objects that match, and others; undefined: all have to be looked at. */
  find(selection: Selection, size: number): Iterable<CachedObject> | undefined {
    const name = selection.fields.exactValue('metadata.name')
    if (name !== undefined) {
      const namespace = namespaceOf(selection)
      if (!this.#cache.kind.namespaced) return present(this.#cache.get(name))
      if (namespace !== '') return present(this.#cache.get(`${namespace}/${name}`))
    }
    if (size < worthwhileObjects) return undefined
    let best: ReadonlySet<CachedObject> | undefined
    for (const { field, operator, value } of selection.fields.requirements) {
      if (operator !== '=' || field.startsWith('metadata.')) continue
      best = smaller(best, this.#field(field).get(value))
    }
    for (const { key } of selection.labels.requirements ?? []) {
      const value = selection.labels.exactValue(key)
      if (value !== undefined) best = smaller(best, this.#label(key).get(value))
    }
    return best
  }

  #field(field: string): ValueIndex {
    return this.#index(`field ${field}`, (object) => this.#cache.fieldValue(object, field))
  }

  #label(key: string): ValueIndex {
    return this.#index(`label ${key}`, (object) => {
      const { labels } = this.#cache.attributes(object)
      return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
    })
  }

  #index(name: string, read: (object: CachedObject) => string | undefined): ValueIndex {
    const known = this.#indices.get(name)
    if (known !== undefined) return known
    const index = new ValueIndex(read)
    for (const object of this.#cache.values()) index.add(object)
    this.#indices.set(name, index)
    if (this.#indices.size > maxIndices) this.#indices.delete(this.#indices.keys().next().value ?? '')
    return index
  }
}

const present = (object: CachedObject | undefined): readonly CachedObject[] =>
  object === undefined ? [] : [object]

function smaller(
  a: ReadonlySet<CachedObject> | undefined,
  b: ReadonlySet<CachedObject>,
): ReadonlySet<CachedObject> {
  return a === undefined || b.size < a.size ? b : a
}
