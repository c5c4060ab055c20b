import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { ChangeHandler, Informer } from '../../client/informer.ts'

/** A node's share of a kind's objects: an informer, or a part of one. */
export interface Feed<T extends KubernetesObject> {
  /** Handlers added late are called for everything that is known. Returns what removes the handler. */
  onChange(handler: ChangeHandler<T>): () => void
  /** Resolves when the first list has been delivered. */
  whenSynced(): Promise<void>
}

/** Splits one informer among many nodes: each object goes only to the feed of its key, so that an event costs one call and not one for each node. */
export class FeedByKey<T extends KubernetesObject> {
  readonly #informer: Informer<T>
  readonly #keyOf: (object: T) => string
  readonly #handlers = new Map<string, Set<ChangeHandler<T>>>()
  readonly #objects = new Map<string, Map<string, T>>()
  readonly #remove: () => void

  constructor(informer: Informer<T>, keyOf: (object: T) => string) {
    this.#informer = informer
    this.#keyOf = keyOf
    this.#remove = informer.onChange((object, old) => this.#take(object, old))
  }

  feed(key: string): Feed<T> {
    return {
      onChange: (handler) => {
        const handlers = this.#handlers.get(key) ?? new Set()
        this.#handlers.set(key, handlers)
        handlers.add(handler)
        for (const object of this.#objects.get(key)?.values() ?? []) handler(object, undefined)
        return () => handlers.delete(handler)
      },
      whenSynced: () => this.#informer.whenSynced(),
    }
  }

  stop(): void {
    this.#remove()
  }

  /** An object that moves from one key to another is gone for the first and new for the second. */
  #take(object: T | undefined, old: T | undefined): void {
    const before = old === undefined ? undefined : this.#keyOf(old)
    const now = object === undefined ? undefined : this.#keyOf(object)
    if (old !== undefined && before !== undefined && before !== now) {
      this.#objects.get(before)?.delete(identity(old))
      this.#deliver(before, undefined, old)
    }
    if (object === undefined || now === undefined) return
    const objects = this.#objects.get(now) ?? new Map<string, T>()
    this.#objects.set(now, objects)
    objects.set(identity(object), object)
    this.#deliver(now, object, before === now ? old : undefined)
  }

  #deliver(key: string, object: T | undefined, old: T | undefined): void {
    for (const handler of this.#handlers.get(key) ?? []) handler(object, old)
  }
}

const identity = (object: KubernetesObject): string =>
  `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`
