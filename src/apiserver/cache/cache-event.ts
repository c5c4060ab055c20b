import type { WatchEventType } from '../../apimachinery/meta.ts'
import { type CachedObject, GoneObject } from './cached-object.ts'
import type { Layout } from './layout.ts'

/** A change as a watcher sees it: what was added or changed to, or the last state of what is gone, at the change's revision. */
export type ChangeType = Extract<WatchEventType, 'ADDED' | 'MODIFIED' | 'DELETED'>

/** Turns a change into what goes down one sort of watch. One object for all watchers alike, so that its results are shared. */
export interface EventEncoding {
  encode(event: CacheEvent, type: ChangeType): Uint8Array
}

/** One object's change. */
export class CacheEvent {
  readonly revision: number
  /** The new state; absent: deleted. */
  readonly object: CachedObject | undefined
  /** The state before; absent: created. */
  readonly previous: CachedObject | undefined
  readonly #layout: Layout
  #gone: CachedObject | undefined
  #lastEncoding: EventEncoding | undefined
  #lastType: ChangeType | undefined
  #lastBytes: Uint8Array | undefined
  /** Everything encoded so far, once there is more than one sort. */
  #encoded: Map<EventEncoding, Partial<Record<ChangeType, Uint8Array>>> | undefined

  constructor(
    revision: number,
    object: CachedObject | undefined,
    previous: CachedObject | undefined,
    layout: Layout,
  ) {
    this.revision = revision
    this.object = object
    this.previous = previous
    this.#layout = layout
  }

  /** What an event of this type shows. */
  subject(type: ChangeType): CachedObject {
    if (type !== 'DELETED' && this.object !== undefined) return this.object
    this.#gone ??= this.#makeGone()
    return this.#gone
  }

  #makeGone(): CachedObject {
    const last = this.previous ?? this.object
    if (last === undefined) throw new RangeError('an event without an object')
    const { bytes, metadataEnd } = this.#layout.reserve(
      last.bytes,
      last.metadataEnd,
      last.revision,
      this.revision,
    )
    return new GoneObject(last.id, this.revision, bytes, metadataEnd, last.attributes)
  }

  /** The encoded event; the same bytes for all that ask alike. */
  encoded(encoding: EventEncoding, type: ChangeType): Uint8Array {
    const last = this.#lastBytes
    if (last !== undefined && this.#lastEncoding === encoding && this.#lastType === type) return last
    const bytes = last === undefined ? encoding.encode(this, type) : this.#another(encoding, type)
    this.#lastEncoding = encoding
    this.#lastType = type
    this.#lastBytes = bytes
    return bytes
  }

  #another(encoding: EventEncoding, type: ChangeType): Uint8Array {
    this.#encoded ??= new Map()
    if (this.#lastEncoding !== undefined && this.#lastType !== undefined)
      this.#remember(this.#lastEncoding, this.#lastType, this.#lastBytes)
    return this.#encoded.get(encoding)?.[type] ?? encoding.encode(this, type)
  }

  #remember(encoding: EventEncoding, type: ChangeType, bytes: Uint8Array | undefined): void {
    const known = this.#encoded?.get(encoding) ?? {}
    if (bytes !== undefined) known[type] = bytes
    this.#encoded?.set(encoding, known)
  }

  /** Forgets what can be made again, before the event goes into the history. */
  shrink(): void {
    this.#lastBytes = undefined
    this.#lastEncoding = undefined
    this.#encoded = undefined
    this.#gone = undefined
  }
}
