import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject, WatchEvent } from '../apimachinery/meta.ts'

// biome-ignore lint/suspicious/noExplicitAny: kinds of different objects in one list; each is used only through its own type
export type AnyKind = KindDeclaration<any>

/** Index name → the keys under which an object is found there. Pure. */
export type Indexers<T> = Readonly<Record<string, (object: T) => readonly string[]>>

/** A read-only view of an informer's cache. Keys are `namespace/name`, or `name` for cluster-scoped kinds. */
export interface Lister<T extends KubernetesObject> {
  get(namespace: string, name: string): T | undefined
  /** All objects, or a namespace's; no order is promised. */
  list(namespace?: string): readonly T[]
  /** Objects that the named index files under `key`. */
  byIndex(index: string, key: string): readonly T[]
  /** How many there are, without collecting them. */
  countByIndex(index: string, key: string): number
}

/** Called synchronously, in order, after the cache has changed. `old` is absent for a new object, `object` is absent for a deleted one. */
export type ChangeHandler<T> = (object: T | undefined, old: T | undefined) => void

/**
 * Keeps a cache in step with the server: list, then watch, resumed after failures with back-off, listed anew
 * after 410. One informer per kind and selection is shared by all that use it.
 */
export interface Informer<T extends KubernetesObject> {
  readonly kind: KindDeclaration<T>
  readonly lister: Lister<T>
  /** Handlers added late are called for everything that is in the cache. Returns what removes the handler. */
  onChange(handler: ChangeHandler<T>): () => void
  /** Adds indexers; existing objects are indexed at once. A name that exists with another function is an error. */
  addIndexers(indexers: Indexers<T>): void
  readonly synced: boolean
  /** Resolves when the first list is in the cache; rejects when stopped before. */
  whenSynced(): Promise<void>
  /** The newest resource version that the cache has seen. */
  readonly resourceVersion: number
  /** Resolves when the cache holds everything up to that revision of this kind, or a delete of `uid`; resolves false after `timeoutMs`. */
  waitFor(
    expected: { readonly resourceVersion?: number; readonly deletedUid?: string },
    timeoutMs: number,
  ): Promise<boolean>
}

export interface InformerOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** Something that is being followed; the factory stops it. */
export interface Followed {
  /** Resolves when the sink has the state; rejects when stopped before. */
  whenSynced(): Promise<void>
  /** Nothing is brought to the sink any more once it has resolved. */
  stop(): Promise<void>
}

/** Where what is followed is brought. One method is called at a time, and waited for. */
export interface ReflectorSink<T extends KubernetesObject> {
  /** The whole state at a revision: what is not in it is gone. */
  replace(objects: readonly T[], resourceVersion: string): Promise<void>
  /** ADDED, MODIFIED and DELETED events after that state, in order. */
  apply(events: readonly WatchEvent<T>[]): Promise<void>
  /** Everything up to that revision has been delivered. */
  progress(resourceVersion: string): void
}

/** Hands out shared informers; starts each when first asked for, stops all when disposed. */
export interface InformerFactory {
  informer<T extends KubernetesObject>(kind: KindDeclaration<T>, options?: InformerOptions): Informer<T>
  /** Brings a kind's state and changes to a sink that keeps what it needs itself: for graphs over all kinds. */
  follow(kind: AnyKind, sink: ReflectorSink<KubernetesObject>): Followed
  whenSynced(): Promise<void>
  /** By resource: why what is followed has no state yet, where reading it has failed. */
  hindrances(): ReadonlyMap<string, unknown>
  stop(): Promise<void>
}
