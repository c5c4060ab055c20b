import type { AnyKind } from '../../../src/client/informer.ts'
import { type Client, type KubernetesObject, kinds, type WatchEvent } from '../../../src/cluster/index.ts'

export interface Seen {
  readonly kind: AnyKind
  readonly event: WatchEvent
}

/** The stored version of everything that can be watched. */
const watched = kinds.filter((kind) => kind.verbs.includes('watch') && kind.stored === undefined)

/** All that a cluster's clients can see happen: every change of every kind, in the order of the server's writes. */
export class History {
  readonly #abort = new AbortController()
  readonly #seen: Seen[] = []
  readonly #watches: Promise<void>[] = []

  constructor(client: Client, onEvent: (seen: Seen) => void = () => {}) {
    for (const kind of watched) {
      const watch = this.#follow(client, kind, onEvent)
      // It ends with the abort, or with the cluster; a test that missed something then sees it in the history.
      this.#watches.push(watch.catch(() => {}))
    }
  }

  /** By revision: the watches of different kinds take turns as they like. */
  get events(): readonly Seen[] {
    return this.#seen.toSorted((a, b) => revisionOf(a.event.object) - revisionOf(b.event.object))
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await Promise.all(this.#watches)
  }

  async #follow(client: Client, kind: AnyKind, onEvent: (seen: Seen) => void): Promise<void> {
    for await (const batch of client.resource<KubernetesObject>(kind).watch({ signal: this.#abort.signal })) {
      for (const event of batch) {
        this.#seen.push({ kind, event })
        onEvent({ kind, event })
      }
    }
  }
}

export const revisionOf = (object: KubernetesObject): number => Number(object.metadata?.resourceVersion ?? 0)
