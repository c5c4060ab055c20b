import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { ChangeHandler, Indexers, Informer, InformerFactory } from '../../client/informer.ts'

type Objects = Map<string, KubernetesObject>

const keyOf = ({ metadata }: KubernetesObject): string =>
  `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`

/** Caches that hold what a test puts there; handlers are called as an informer's are. */
export class FixedInformers implements Pick<InformerFactory, 'informer'> {
  readonly #objects = new Map<string, Objects>()
  readonly #handlers = new Map<string, ((object?: KubernetesObject, old?: KubernetesObject) => void)[]>()

  set<T extends KubernetesObject>(kind: KindDeclaration<T>, ...objects: readonly T[]): this {
    for (const object of objects) {
      const all = this.#of(kind)
      const old = all.get(keyOf(object))
      all.set(keyOf(object), object)
      for (const handler of this.#handlers.get(kind.kind) ?? []) handler(object, old)
    }
    return this
  }

  remove<T extends KubernetesObject>(kind: KindDeclaration<T>, object: T): void {
    this.#of(kind).delete(keyOf(object))
    for (const handler of this.#handlers.get(kind.kind) ?? []) handler(undefined, object)
  }

  informer<T extends KubernetesObject>(kind: KindDeclaration<T>): Informer<T> {
    // What is under a kind's name was put there as that kind.
    const list = () => [...this.#of(kind).values()] as unknown as readonly T[]
    const indexers: Record<string, (object: T) => readonly string[]> = {}
    const byIndex = (index: string, key: string) =>
      list().filter((object) => indexers[index]?.(object).includes(key))
    return {
      kind,
      synced: true,
      resourceVersion: 0,
      whenSynced: async () => {},
      waitFor: async () => true,
      addIndexers: (more: Indexers<T>) => void Object.assign(indexers, more),
      onChange: (handler) => this.#listen(kind, handler, list()),
      lister: {
        get: (namespace, name) =>
          list().find((object) => keyOf(object) === `${kind.namespaced ? namespace : ''}/${name}`),
        list: (namespace) =>
          list().filter((object) => !namespace || object.metadata?.namespace === namespace),
        byIndex,
        countByIndex: (index, key) => byIndex(index, key).length,
      },
    }
  }

  #of(kind: { readonly kind: string }): Objects {
    const known = this.#objects.get(kind.kind)
    if (known) return known
    const objects: Objects = new Map()
    this.#objects.set(kind.kind, objects)
    return objects
  }

  #listen<T extends KubernetesObject>(
    kind: KindDeclaration<T>,
    handler: ChangeHandler<T>,
    present: readonly T[],
  ): () => void {
    const handlers = this.#handlers.get(kind.kind) ?? []
    const own = (object?: KubernetesObject, old?: KubernetesObject): void =>
      handler(object as T | undefined, old as T | undefined)
    this.#handlers.set(kind.kind, [...handlers, own])
    for (const object of present) handler(object, undefined)
    return () => {
      this.#handlers.set(
        kind.kind,
        (this.#handlers.get(kind.kind) ?? []).filter((each) => each !== own),
      )
    }
  }
}
