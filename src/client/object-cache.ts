import type { KubernetesObject } from '../apimachinery/meta.ts'
import { assert } from '../base/assert.ts'
import type { Indexers, Lister } from './informer.ts'

type IndexFunction<T> = (object: T) => readonly string[]

interface Index<T> {
  readonly keysOf: IndexFunction<T>
  readonly entries: Map<string, Set<T>>
}

const nameOf = (object: KubernetesObject): string => object.metadata?.name ?? ''
const namespaceOf = (object: KubernetesObject): string => object.metadata?.namespace ?? ''

/** Objects by namespace and name, and by whatever indices were asked for. Not aware of any server. */
export class ObjectCache<T extends KubernetesObject> implements Lister<T> {
  readonly #namespaces = new Map<string, Map<string, T>>()
  readonly #indices = new Map<string, Index<T>>()
  /** Built when first asked for. */
  #uids: Map<string, number> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined) return [...(this.#namespaces.get(namespace)?.values() ?? [])]
    const all: T[] = []
    for (const objects of this.#namespaces.values()) for (const object of objects.values()) all.push(object)
    return all
  }

  byIndex(index: string, key: string): readonly T[] {
    return [...(this.#entry(index, key) ?? [])]
  }

  countByIndex(index: string, key: string): number {
    return this.#entry(index, key)?.size ?? 0
  }

  /** Whether an object of that uid is here. */
  hasUid(uid: string): boolean {
    if (this.#uids === undefined) {
      this.#uids = new Map()
      for (const object of this.list()) this.#countUid(object, 1)
    }
    return this.#uids.has(uid)
  }

  addIndexers(indexers: Indexers<T>): void {
    for (const [name, keysOf] of Object.entries(indexers)) {
      const existing = this.#indices.get(name)
      if (existing !== undefined) {
        assert(existing.keysOf === keysOf, `index ${name} is added twice with different functions`)
        continue
      }
      const index: Index<T> = { keysOf, entries: new Map() }
      this.#indices.set(name, index)
      for (const object of this.list()) addTo(index, object)
    }
  }

  /** Returns what it replaces. */
  set(object: T): T | undefined {
    const namespace = namespaceOf(object)
    let objects = this.#namespaces.get(namespace)
    if (objects === undefined) {
      objects = new Map()
      this.#namespaces.set(namespace, objects)
    }
    const old = objects.get(nameOf(object))
    objects.set(nameOf(object), object)
    if (old === undefined) this.#size++
    this.#reindex(object, old)
    return old
  }

  /** Returns what was there. */
  remove(namespace: string, name: string): T | undefined {
    const objects = this.#namespaces.get(namespace)
    const old = objects?.get(name)
    if (objects === undefined || old === undefined) return undefined
    objects.delete(name)
    if (objects.size === 0) this.#namespaces.delete(namespace)
    this.#size--
    this.#reindex(undefined, old)
    return old
  }

  #entry(index: string, key: string): Set<T> | undefined {
    const found = this.#indices.get(index)
    assert(found, `an index ${index} that nobody added is asked for`)
    return found.entries.get(key)
  }

  #reindex(object: T | undefined, old: T | undefined): void {
    for (const index of this.#indices.values()) {
      if (old !== undefined) removeFrom(index, old)
      if (object !== undefined) addTo(index, object)
    }
    if (this.#uids !== undefined && object?.metadata?.uid !== old?.metadata?.uid) {
      if (old !== undefined) this.#countUid(old, -1)
      if (object !== undefined) this.#countUid(object, 1)
    }
  }

  #countUid(object: T, by: number): void {
    const uid = object.metadata?.uid ?? ''
    const count = (this.#uids?.get(uid) ?? 0) + by
    if (count === 0) this.#uids?.delete(uid)
    else this.#uids?.set(uid, count)
  }
}

function addTo<T>(index: Index<T>, object: T): void {
  for (const key of index.keysOf(object)) {
    const objects = index.entries.get(key)
    if (objects === undefined) index.entries.set(key, new Set([object]))
    else objects.add(object)
  }
}

function removeFrom<T>(index: Index<T>, object: T): void {
  for (const key of index.keysOf(object)) {
    const objects = index.entries.get(key)
    objects?.delete(object)
    if (objects?.size === 0) index.entries.delete(key)
  }
}
