import type { CacheEvent, ChangeType } from './cache-event.ts'
import type { CachedObject } from './cached-object.ts'
import { namespaceOf, type Selection, selectionKey } from './selection.ts'

/** One watch's end. Called synchronously, in order; must not throw. */
export interface WatchConsumer {
  deliver(event: CacheEvent, type: ChangeType): void
  /** Everything up to `revision` has been delivered; only sent now and then. */
  progress(revision: number): void
  /** The cache cannot serve it any more: it has to start anew. */
  terminate(): void
}

/** Whether an object at one revision is in a selection. */
export type Matches = (object: CachedObject, selection: Selection) => boolean

/** All watches with the same selection: an event is judged once for them all. */
class WatchGroup {
  readonly selection: Selection
  readonly consumers = new Set<WatchConsumer>()

  constructor(selection: Selection) {
    this.selection = selection
  }

  dispatch(event: CacheEvent, matches: Matches): number {
    const type = changeFor(event, this.selection, matches)
    if (type === undefined) return 0
    for (const consumer of this.consumers) consumer.deliver(event, type)
    return this.consumers.size
  }
}

/** What an event is to who selects: an object that begins to match is added, one that ceases to is deleted. */
export function changeFor(event: CacheEvent, selection: Selection, matches: Matches): ChangeType | undefined {
  const now = event.object !== undefined && matches(event.object, selection)
  const before = event.previous !== undefined && matches(event.previous, selection)
  if (now) return before ? 'MODIFIED' : 'ADDED'
  return before ? 'DELETED' : undefined
}

type Groups = Map<string, WatchGroup>
/** Value → groups that hang there. Those of all namespaces hang at ''. */
type Places = Map<string, Groups>

/**
 * Finds the watches that may want an event: each group hangs at the narrowest exact condition that its selection
 * has (a name, a selectable field's value, a namespace), so that an event costs only those it may concern.
 */
export class WatchHub {
  readonly #matches: Matches
  readonly #fieldValue: (object: CachedObject, field: string) => string
  readonly #byNamespace: Places = new Map()
  readonly #byName: Places = new Map()
  readonly #byField = new Map<string, Places>()
  #consumers = 0

  constructor(matches: Matches, fieldValue: (object: CachedObject, field: string) => string) {
    this.#matches = matches
    this.#fieldValue = fieldValue
  }

  get size(): number {
    return this.#consumers
  }

  /** Returns what removes it; idempotent. */
  add(selection: Selection, consumer: WatchConsumer): () => void {
    const [places, value] = this.#placeOf(selection)
    const groups = places.get(value) ?? new Map<string, WatchGroup>()
    places.set(value, groups)
    const key = selectionKey(selection)
    const group = groups.get(key) ?? new WatchGroup(selection)
    groups.set(key, group)
    group.consumers.add(consumer)
    this.#consumers++
    return () => {
      if (!group.consumers.delete(consumer)) return
      this.#consumers--
      if (group.consumers.size > 0) return
      groups.delete(key)
      if (groups.size === 0) places.delete(value)
    }
  }

  #placeOf(selection: Selection): readonly [Places, string] {
    const name = selection.fields.exactValue('metadata.name')
    if (name !== undefined) return [this.#byName, name]
    for (const requirement of selection.fields.requirements) {
      if (requirement.operator !== '=' || requirement.field === 'metadata.namespace') continue
      const places = this.#byField.get(requirement.field) ?? new Map<string, Groups>()
      this.#byField.set(requirement.field, places)
      return [places, requirement.value]
    }
    return [this.#byNamespace, namespaceOf(selection)]
  }

  /** Gives the number of watches that got it. */
  dispatch(event: CacheEvent): number {
    if (this.#consumers === 0) return 0
    const object = event.object ?? event.previous
    if (object === undefined) return 0
    let delivered = this.#dispatchTo(this.#byNamespace.get(''), event)
    if (object.namespace !== '') delivered += this.#dispatchTo(this.#byNamespace.get(object.namespace), event)
    delivered += this.#dispatchTo(this.#byName.get(object.name), event)
    for (const [field, values] of this.#byField) {
      const now = event.object === undefined ? undefined : this.#fieldValue(event.object, field)
      const before = event.previous === undefined ? undefined : this.#fieldValue(event.previous, field)
      if (now !== undefined) delivered += this.#dispatchTo(values.get(now), event)
      if (before !== undefined && before !== now) delivered += this.#dispatchTo(values.get(before), event)
    }
    return delivered
  }

  #dispatchTo(groups: Groups | undefined, event: CacheEvent): number {
    if (groups === undefined) return 0
    let delivered = 0
    for (const group of groups.values()) delivered += group.dispatch(event, this.#matches)
    return delivered
  }

  /** All watches, in no order; the hub may change meanwhile. */
  consumers(): readonly WatchConsumer[] {
    const places = [this.#byNamespace, this.#byName, ...this.#byField.values()]
    return places.flatMap((byValue) =>
      [...byValue.values()].flatMap((groups) =>
        [...groups.values()].flatMap((group) => [...group.consumers]),
      ),
    )
  }
}
