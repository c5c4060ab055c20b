import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { Informer } from '../client/informer.ts'

/** A cache with what has been decided but not written, or not seen, yet: the next pod counts on it. */
export class AssumedObjects<T extends KubernetesObject> {
  readonly #lister
  readonly #assumed = new Map<string, T>()

  /** Whatever the informer shows of an object is newer than what was assumed of it. */
  constructor(informer: Informer<T>) {
    this.#lister = informer.lister
    informer.onChange((object, old) => this.#assumed.delete(keyOf(object ?? old)))
  }

  /** Namespace '' for cluster-scoped kinds. */
  get(namespace: string, name: string): T | undefined {
    return this.#assumed.get(`${namespace}/${name}`) ?? this.#lister.get(namespace, name)
  }

  /** As the API server has it. */
  seen(namespace: string, name: string): T | undefined {
    return this.#lister.get(namespace, name)
  }

  byIndex(index: string, key: string): readonly T[] {
    const objects = this.#lister.byIndex(index, key)
    return this.#assumed.size === 0
      ? objects
      : objects.map((object) => this.#assumed.get(keyOf(object)) ?? object)
  }

  assume(object: T): void {
    this.#assumed.set(keyOf(object), object)
  }

  /** Does nothing when something newer has been seen meanwhile. */
  restore(object: T): void {
    if (this.#assumed.get(keyOf(object)) === object) this.#assumed.delete(keyOf(object))
  }
}

const keyOf = (object: KubernetesObject | undefined): string =>
  `${object?.metadata?.namespace ?? ''}/${object?.metadata?.name ?? ''}`
