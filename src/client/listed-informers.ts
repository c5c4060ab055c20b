import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import type { Logger } from '../base/logger.ts'
import type { Client, ResourceClient } from './client.ts'
import type { ChangeHandler, Indexers, Informer, InformerFactory, InformerOptions } from './informer.ts'
import { informerId } from './informer-factory.ts'
import { ObjectCache } from './object-cache.ts'

/** A kind's objects as they were when they were read. */
class ListedInformer<T extends KubernetesObject> implements Informer<T> {
  readonly kind: KindDeclaration<T>
  readonly lister = new ObjectCache<T>()
  synced = false
  resourceVersion = 0
  readonly #handlers = new Set<ChangeHandler<T>>()
  readonly #reading: Promise<void>

  constructor(client: ResourceClient<T>, selection: InformerOptions, logger: Logger) {
    this.kind = client.kind
    this.#reading = this.#read(client, selection, logger)
    // Whoever waits for it is told.
    this.#reading.catch(() => {})
  }

  whenSynced(): Promise<void> {
    return this.#reading
  }

  addIndexers(indexers: Indexers<T>): void {
    this.lister.addIndexers(indexers)
  }

  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler)
    for (const object of this.lister.list()) handler(object, undefined)
    return () => {
      this.#handlers.delete(handler)
    }
  }

  async waitFor({ resourceVersion = 0 }: Parameters<Informer<T>['waitFor']>[0]): Promise<boolean> {
    return resourceVersion <= this.resourceVersion
  }

  async #read(client: ResourceClient<T>, selection: InformerOptions, logger: Logger): Promise<void> {
    try {
      const { items, metadata } = await client.list({ ...selection })
      this.resourceVersion = Number(metadata.resourceVersion ?? 0)
      for (const object of items) {
        this.lister.set(object)
        for (const handler of this.#handlers) handler(object, undefined)
      }
    } catch (error) {
      // Of a kind that the server does not serve there are no objects.
      if (!isStatus(error, 'NotFound')) throw error
      const { group, version, resource } = client.kind
      logger.warn('the server does not serve a kind: none of it is seen', { group, version, resource })
    }
    this.synced = true
  }
}

/** Reads each kind once and follows nothing: for who looks at a cluster as it is, and goes. */
export class ListedInformers implements Pick<InformerFactory, 'informer' | 'whenSynced'> {
  readonly #client: Client
  readonly #logger: Logger
  readonly #informers = new Map<string, Pick<Informer<KubernetesObject>, 'whenSynced'>>()

  constructor(client: Client, logger: Logger) {
    this.#client = client
    this.#logger = logger
  }

  informer<T extends KubernetesObject>(
    kind: KindDeclaration<T>,
    selection: InformerOptions = {},
  ): Informer<T> {
    const id = informerId(kind, selection)
    const existing = this.#informers.get(id)
    // The id names the kind: the informer was made for the same type.
    if (existing instanceof ListedInformer) return existing as ListedInformer<T>
    const informer = new ListedInformer(this.#client.resource<T>(kind), selection, this.#logger)
    this.#informers.set(id, informer)
    return informer
  }

  /** Rejects with what the server refuses. */
  async whenSynced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((one) => one.whenSynced()))
  }
}
