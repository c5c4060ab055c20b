import type { CachedObject } from './cached-object.ts'
import type { ResourceCache } from './resource-cache.ts'
import { namespaceOf, type Selection } from './selection.ts'
import { ValueIndex } from './value-index.ts'

/** What an index holds for a selection. */
export interface Found {
  readonly name: string
  readonly objects: ReadonlySet<CachedObject>
}

/** Below this many objects looking at each is as fast. */
const worthwhileObjects = 128
const maxIndices = 8
/** Objects that are looked at between two pauses of a build. */
const stepObjects = 256

type Read = (object: CachedObject) => string | undefined

/** An index on its way: it follows all changes, and is not used before every object has been looked at. */
interface Build {
  readonly index: ValueIndex
  readonly objects: readonly CachedObject[]
  next: number
}

/** Indices of a resource over labels and selectable fields, made when a selection first has use for one. */
export class Indices {
  readonly #cache: ResourceCache
  readonly #indices = new Map<string, ValueIndex>()
  readonly #builds = new Map<string, Build>()

  constructor(cache: ResourceCache) {
    this.#cache = cache
  }

  clear(): void {
    this.#indices.clear()
    this.#builds.clear()
  }

  /** Makes what `find` needs for a selection, pausing (by a yield) where there is much to look at. */
  *prepare(selection: Selection, size: number): Iterable<undefined> {
    if (size < worthwhileObjects) return
    for (const [name, read] of this.#wanted(selection)) {
      if (this.#indices.has(name)) continue
      const build = this.#builds.get(name) ?? { index: new ValueIndex(read), objects: this.#all(), next: 0 }
      this.#builds.set(name, build)
      for (; build.next < build.objects.length; yield) this.#step(build)
      if (this.#builds.delete(name)) this.#keep(name, build.index)
    }
  }

  #all(): readonly CachedObject[] {
    return [...this.#cache.values()]
  }

  #step(build: Build): void {
    const end = Math.min(build.next + stepObjects, build.objects.length)
    for (; build.next < end; build.next++) {
      const object = build.objects[build.next]
      // What has changed since is in the index already, or gone.
      if (object !== undefined && this.#cache.get(object.id) === object) build.index.add(object)
    }
  }

  /** The indices that a selection has use for. */
  #wanted(selection: Selection): readonly (readonly [string, Read])[] {
    const wanted: (readonly [string, Read])[] = []
    for (const { field, operator } of selection.fields.requirements)
      if (operator === '=' && !field.startsWith('metadata.')) wanted.push(this.#field(field))
    for (const { key } of selection.labels.requirements ?? [])
      if (selection.labels.exactValue(key) !== undefined) wanted.push(this.#label(key))
    return wanted
  }

  replace(before: CachedObject | undefined, now: CachedObject | undefined): void {
    for (const index of this.#indices.values()) follow(index, before, now)
    for (const { index } of this.#builds.values()) follow(index, before, now)
  }

  /** An index, and what it holds of all objects that match, and others; undefined: all have to be looked at. */
  find(selection: Selection, size: number): Found | undefined {
    const name = selection.fields.exactValue('metadata.name')
    if (name !== undefined) {
      const namespace = namespaceOf(selection)
      if (!this.#cache.kind.namespaced) return named(this.#cache.get(name))
      if (namespace !== '') return named(this.#cache.get(`${namespace}/${name}`))
    }
    if (size < worthwhileObjects) return undefined
    let best: Found | undefined
    for (const { field, operator, value } of selection.fields.requirements) {
      if (operator !== '=' || field.startsWith('metadata.')) continue
      best = smaller(best, `f:${field}`, this.#index(...this.#field(field)).get(value))
    }
    for (const { key } of selection.labels.requirements ?? []) {
      const value = selection.labels.exactValue(key)
      if (value !== undefined) best = smaller(best, 'l', this.#index(...this.#label(key)).get(value))
    }
    return best
  }

  #field(field: string): readonly [string, Read] {
    return [`field ${field}`, (object) => this.#cache.fieldValue(object, field)]
  }

  #label(key: string): readonly [string, Read] {
    const read: Read = (object) => {
      const { labels } = this.#cache.attributes(object)
      return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
    }
    return [`label ${key}`, read]
  }

  #index(name: string, read: Read): ValueIndex {
    const known = this.#indices.get(name)
    if (known !== undefined) return known
    const index = new ValueIndex(read)
    for (const object of this.#cache.values()) index.add(object)
    this.#builds.delete(name)
    this.#keep(name, index)
    return index
  }

  #keep(name: string, index: ValueIndex): void {
    this.#indices.set(name, index)
    if (this.#indices.size > maxIndices) this.#indices.delete(this.#indices.keys().next().value ?? '')
  }
}

function follow(index: ValueIndex, before: CachedObject | undefined, now: CachedObject | undefined): void {
  if (before !== undefined) index.remove(before)
  if (now !== undefined) index.add(now)
}

const named = (object: CachedObject | undefined): Found => {
  const objects = new Set(object === undefined ? [] : [object])
  return { name: 'f:metadata.name', objects }
}

function smaller(best: Found | undefined, name: string, objects: ReadonlySet<CachedObject>): Found {
  return best === undefined || objects.size < best.objects.size ? { name, objects } : best
}
