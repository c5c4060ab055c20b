import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { CacheEvent } from './cache-event.ts'
import { CacheFigures } from './cache-figures.ts'
import { type Attributes, CachedObject, GoneObject } from './cached-object.ts'
import { type CorruptObject, corruptObject, mayBeObject } from './corrupt-objects.ts'
import type { DecodedObjects } from './decoded-objects.ts'
import { History, type HistoryLimits } from './history.ts'
import { Indices } from './indices.ts'
import { endOfObject, Layout } from './layout.ts'
import { byId, OrderedRecords } from './ordered-records.ts'
import { namespaceOf, type Selection } from './selection.ts'
import { WatchHub } from './watch-hub.ts'

/** What a writer knows about the bytes that it has written. */
export interface WrittenObject {
  readonly object: KubernetesObject
  readonly metadataLength: number
}

export interface Selected {
  readonly objects: readonly CachedObject[]
  /** How many follow after `limit`; undefined where only counting them one by one would tell. */
  readonly remaining: number | undefined
  readonly more: boolean
  /** The index that found them; '': none. */
  readonly index: string
  /** How many objects were looked at. */
  readonly fetched: number
}

export interface SelectOptions {
  /** Exclusive: an id. */
  readonly after?: string
  readonly limit?: number
}

export type ReadHandler = (now: CachedObject | undefined, before: CachedObject | undefined) => void

/**
 * All objects of one stored kind, in step with the store: by id, in order, by the values that are asked for, with
 * their recent history and those who watch them. Everything is synchronous; only Mirror changes it.
 */
export class ResourceCache {
  readonly kind: KindDeclaration
  readonly layout: Layout
  readonly hub: WatchHub
  readonly figures = new CacheFigures()
  /** What the store has and nobody can read, by id: none of the objects, watched by nobody. */
  readonly corrupt: ReadonlyMap<string, CorruptObject>
  readonly #corrupt = new Map<string, CorruptObject>()
  /** Objects that lie in the store otherwise than they would be written today, by id. */
  readonly #outdated = new Set<string>()
  readonly #decoded: DecodedObjects
  readonly limits: HistoryLimits
  readonly #fieldNames: readonly string[]
  readonly #records = new OrderedRecords()
  readonly #indices: Indices
  readonly #readHandlers = new Set<ReadHandler>()
  readonly #restartHandlers = new Set<() => void>()
  #history: History
  #lastChange = 0
  #allAttributes = true

  constructor(
    kind: KindDeclaration,
    decoded: DecodedObjects,
    limits: HistoryLimits,
    layout: Layout = new Layout(kind),
  ) {
    this.kind = kind
    this.corrupt = this.#corrupt
    this.layout = layout
    this.#decoded = decoded
    this.limits = limits
    this.#fieldNames = Object.keys(kind.selectableFields)
    this.#indices = new Indices(this)
    this.hub = new WatchHub(this.matches.bind(this), this.fieldValue.bind(this))
    this.#history = new History(0, limits)
  }

  get size(): number {
    return this.#records.size
  }

  /** Of all objects, encoded. */
  get bytes(): number {
    return this.#records.bytes
  }

  /** The revision of the newest change; 0 if there was none since the load. */
  get lastChange(): number {
    return this.#lastChange
  }

  get history(): History {
    return this.#history
  }

  get(id: string): CachedObject | undefined {
    return this.#records.get(id)
  }

  /** Whether a write that changes nothing of it would change what is stored (another version, a layout of others). */
  isOutdated(id: string): boolean {
    return this.#outdated.size > 0 && this.#outdated.has(id)
  }

  /** Told by whoever has converted it before it was loaded. */
  noteOutdated(id: string): void {
    this.#outdated.add(id)
  }

  values(): Iterable<CachedObject> {
    return this.#records.values()
  }

  /** Empties it, before everything is loaded as of `revision`. Whoever watches has to start anew. */
  reset(revision: number): void {
    this.figures.loads++
    this.#corrupt.clear()
    this.#outdated.clear()
    this.#records.clear()
    this.#indices.clear()
    this.#history = new History(revision, this.limits)
    this.#lastChange = revision
    this.#restart()
  }

  /** Whoever watches or follows has to start anew. */
  #restart(): void {
    for (const consumer of this.hub.consumers()) consumer.terminate()
    for (const handler of this.#restartHandlers) handler()
  }

  /** `metadataLength` 0: the bytes are as somebody has stored them. */
  load(id: string, stored: Uint8Array, revision: number, metadataLength = 0): void {
    this.#allAttributes = false
    const record = this.#readable(id, stored, revision, () =>
      this.#taken(id, stored, metadataLength, revision),
    )
    if (record !== undefined) this.#records.set(id, record)
  }

  /** Gives what was there. */
  #drop(id: string): CachedObject | undefined {
    const previous = this.#records.delete(id)
    if (previous !== undefined) this.#indices.replace(previous, undefined)
    return previous
  }

  /** Gives the new record; undefined for what somebody else has stored and nobody can read. */
  put(
    id: string,
    stored: Uint8Array,
    revision: number,
    written: WrittenObject | undefined,
  ): CachedObject | undefined {
    if (this.#outdated.size > 0) this.#outdated.delete(id)
    const record =
      written === undefined ? this.#foreign(id, stored, revision) : this.#own(id, stored, revision, written)
    if (record === undefined) return undefined
    if (this.#corrupt.size > 0) this.#corrupt.delete(id)
    const previous = this.#records.set(id, record)
    if (written !== undefined) this.#decoded.put(record, written.object)
    this.#indices.replace(previous, record)
    this.#announce(new CacheEvent(revision, record, previous, this.layout))
    return record
  }

  #own(id: string, stored: Uint8Array, revision: number, written: WrittenObject): CachedObject {
    const { bytes, metadataEnd } = this.layout.serve(stored, written.metadataLength, revision)
    return new CachedObject(id, revision, bytes, metadataEnd, this.#attributesOf(written.object))
  }

  #foreign(id: string, stored: Uint8Array, revision: number): CachedObject | undefined {
    const read = (): CachedObject => {
      const record = this.#taken(id, stored, 0, revision)
      if (this.#allAttributes) this.attributes(record)
      return record
    }
    const record = this.#readable(id, stored, revision, read)
    if (record === undefined) this.#lose(id)
    return record
  }

  /** What `read` makes of the bytes; undefined, and remembered as corrupt, where it throws. */
  #readable(
    id: string,
    stored: Uint8Array,
    revision: number,
    read: () => CachedObject,
  ): CachedObject | undefined {
    let problem: unknown
    try {
      if (mayBeObject(stored)) return read()
    } catch (error) {
      problem = error
    }
    this.figures.unreadable++
    this.#corrupt.set(id, corruptObject(stored, revision, this.kind, problem))
    return undefined
  }

  /** An object that cannot be read any more is not gone: watchers are told nothing but to start anew. */
  #lose(id: string): void {
    const previous = this.#drop(id)
    if (previous === undefined) return
    this.#decoded.forget(previous)
    this.#restart()
  }

  /**
   * Another attempt at what could not be read. False: it still cannot, or is of another revision. Watchers are told
   * nothing: no list has shown it missing.
   */
  recover(id: string, stored: Uint8Array, revision: number): boolean {
    if (this.#corrupt.get(id)?.revision !== revision) return false
    const record = this.#foreign(id, stored, revision)
    if (record === undefined) return false
    this.#corrupt.delete(id)
    this.#records.set(id, record)
    this.#indices.replace(undefined, record)
    for (const handler of this.#readHandlers) handler(record, undefined)
    return true
  }

  /** A record of what is in the store now. */
  #taken(id: string, stored: Uint8Array, metadataLength: number, revision: number): CachedObject {
    const own = this.#ownLayout(stored, metadataLength)
    if (own !== stored) this.#outdated.add(id)
    return this.#served(id, own, metadataLength, revision)
  }

  /** A record outside the cache. */
  detached(id: string, stored: Uint8Array, metadataLength: number, revision: number): CachedObject {
    return this.#served(id, this.#ownLayout(stored, metadataLength), metadataLength, revision)
  }

  #ownLayout(stored: Uint8Array, metadataLength: number): Uint8Array {
    return metadataLength === 0 ? this.layout.normalize(stored) : stored
  }

  #served(id: string, own: Uint8Array, metadataLength: number, revision: number): CachedObject {
    const { bytes, metadataEnd } = this.layout.serve(own, metadataLength, revision)
    return new CachedObject(id, revision, bytes, metadataEnd, undefined)
  }

  /** Gives the last state; undefined if it was not there. */
  remove(id: string, revision: number): CachedObject | undefined {
    if (this.#corrupt.size > 0) this.#corrupt.delete(id)
    if (this.#outdated.size > 0) this.#outdated.delete(id)
    const previous = this.#drop(id)
    if (previous === undefined) return undefined
    const event = new CacheEvent(revision, undefined, previous, this.layout)
    this.#announce(event)
    return previous
  }

  /** What is gone since `revision`, as watchers and the client that deleted it see it. */
  gone(last: CachedObject, revision: number): CachedObject {
    const { bytes, metadataEnd } = this.layout.reserve(last.bytes, last.metadataEnd, last.revision, revision)
    return new GoneObject(last.id, revision, bytes, metadataEnd, last.attributes)
  }

  #announce(event: CacheEvent): void {
    this.#lastChange = event.revision
    this.figures.dispatched++
    const delivered = this.hub.dispatch(event)
    if (delivered > 0) this.onDelivered(delivered, (event.object ?? event.previous)?.bytes.length ?? 0)
    for (const handler of this.#readHandlers) handler(event.object, event.previous)
    if (event.previous !== undefined) this.#decoded.forget(event.previous)
    event.shrink()
    this.#history.push(event)
  }

  /** Told how many watches got an event, and how large its object is; for counting them at once. */
  onDelivered: (watches: number, bytes: number) => void = () => {}

  onRead(handler: ReadHandler): () => void {
    this.#readHandlers.add(handler)
    return () => {
      this.#readHandlers.delete(handler)
    }
  }

  /** Told when there is more to know than changes tell: all was loaded anew, or an object cannot be read any more. */
  onRestart(handler: () => void): () => void {
    this.#restartHandlers.add(handler)
    return () => {
      this.#restartHandlers.delete(handler)
    }
  }

  /** The decoded object, shared and never to be changed. */
  object(record: CachedObject): KubernetesObject {
    return this.#decoded.get(record, this.layout)
  }

  /** As `object`, without crowding out what others use; `rawFields` as in DecodedObjects. */
  peek(record: CachedObject, rawFields?: boolean): KubernetesObject {
    return this.#decoded.peek(record, this.layout, rawFields)
  }

  /** Nobody will ask for the decoded object soon. */
  forgetDecoded(record: CachedObject): void {
    this.#decoded.forget(record)
  }

  attributes(record: CachedObject): Attributes {
    record.attributes ??= this.#attributesOf(this.#decoded.peek(record, this.layout))
    return record.attributes
  }

  /** Whether no selection will have to look into objects for the first time. */
  get hasAllAttributes(): boolean {
    return this.#allAttributes
  }

  noteAllAttributes(): void {
    this.#allAttributes = true
  }

  #attributesOf(object: KubernetesObject): Attributes {
    const fields = this.#fieldNames.map((name) => this.kind.selectableFields[name]?.(object) ?? '')
    return { labels: object.metadata?.labels, fields }
  }

  metadataEnd(record: CachedObject): number {
    if (record.metadataEnd === 0) record.metadataEnd = endOfObject(record.bytes, this.layout.metadataStart)
    return record.metadataEnd
  }

  fieldValue(record: CachedObject, field: string): string {
    if (field === 'metadata.name') return record.name
    if (field === 'metadata.namespace') return record.namespace
    return this.attributes(record).fields[this.#fieldNames.indexOf(field)] ?? ''
  }

  matches(record: CachedObject, selection: Selection): boolean {
    const { namespace, labels, fields } = selection
    if (namespace !== '' && record.namespace !== namespace) return false
    if (!fields.empty && !fields.matches((field) => this.fieldValue(record, field))) return false
    return labels.empty || labels.matches(this.attributes(record).labels)
  }

  /** Whether judging the selection needs attributes that loaded objects may not have yet. */
  needsAttributes(selection: Selection): boolean {
    return (
      !selection.labels.empty ||
      selection.fields.requirements.some(({ field }) => !field.startsWith('metadata.'))
    )
  }

  /** Makes the indices that `select` will use; pauses (by a yield) where that takes long. */
  prepare(selection: Selection): Iterable<undefined> {
    return this.#indices.prepare(selection, this.#records.size)
  }

  /** Ascending by id. */
  select(selection: Selection, options: SelectOptions = {}): Selected {
    const found = this.#indices.find(selection, this.#records.size)
    return found === undefined
      ? this.#fromOrder(selection, options)
      : this.#fromIndex(found.name, [...found.objects], selection, options)
  }

  #fromIndex(index: string, found: CachedObject[], selection: Selection, options: SelectOptions): Selected {
    const { after = '', limit = 0 } = options
    const matching = found.filter((record) => record.id > after && this.matches(record, selection)).sort(byId)
    const more = limit > 0 && matching.length > limit
    const objects = more ? matching.slice(0, limit) : matching
    return { objects, remaining: more ? undefined : 0, more, index, fetched: found.length }
  }

  #fromOrder(selection: Selection, options: SelectOptions): Selected {
    const { after = '', limit = 0 } = options
    const namespace = namespaceOf(selection)
    const unfiltered = selection.labels.empty && selection.fields.empty
    if (namespace === '' && unfiltered && limit === 0 && after === '')
      return { objects: this.#records.inOrder(), remaining: 0, more: false, index: '', fetched: this.size }
    const { objects, more } = this.#records.range({
      ...{ namespace, after, limit },
      ...(unfiltered ? {} : { matches: (record) => this.matches(record, selection) }),
    })
    const fetched = unfiltered ? objects.length : this.size
    const remaining = more ? this.countAfter(selection, objects.at(-1)?.id ?? '') : 0
    return { objects, remaining, more, index: '', fetched }
  }

  /** How many objects follow in order now; undefined for a selection that only looking at each could tell. */
  countAfter(selection: Selection, id: string): number | undefined {
    if (!selection.labels.empty || !selection.fields.empty) return undefined
    return this.#records.countAfter(namespaceOf(selection), id)
  }
}
