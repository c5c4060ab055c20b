import type { KubernetesObject, WatchEvent } from '../../apimachinery/meta.ts'
import type { StatusError } from '../../apimachinery/status-error.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { bookmarkMetadata } from '../represent/json-text.ts'
import type { Resource } from '../rest/resource.ts'
import type { WatchOutput } from './watch-run.ts'

/** Events that wait for a watcher in the same process before it is cut off. */
const maxEvents = 100_000

/** A watch in the same process: objects as they are, in batches of whatever has come together. */
export class EventsOutput implements WatchOutput, AsyncIterable<readonly WatchEvent[]> {
  readonly #resource: Resource
  #events: WatchEvent[] = []
  #ended = false
  #wake: ((result: IteratorResult<readonly WatchEvent[]>) => void) | undefined
  #onReturn: () => void = () => {}
  #onEnd: () => void = () => {}

  constructor(resource: Resource) {
    this.#resource = resource
  }

  /** Called when the reader stops reading. */
  set onReturn(callback: () => void) {
    this.#onReturn = callback
  }

  /** Called when the watch is over, from whichever side. */
  set onEnd(callback: () => void) {
    this.#onEnd = callback
  }

  initial(record: CachedObject): void {
    this.#push({ type: 'ADDED', object: this.#resource.read(record) })
  }

  change(event: CacheEvent, type: ChangeType): void {
    this.#push({ type, object: this.#resource.read(event.subject(type)) })
  }

  bookmark(revision: number, initialEventsEnd: boolean): void {
    const { kind, apiVersion } = this.#resource
    const metadata = bookmarkMetadata(revision, initialEventsEnd)
    const object: KubernetesObject = { kind: kind.kind, apiVersion, metadata }
    this.#push({ type: 'BOOKMARK', object })
  }

  error(error: StatusError): void {
    const { metadata: _list, ...status } = error.status
    this.#push({ type: 'ERROR', object: status })
  }

  #push(event: WatchEvent): void {
    if (this.#ended) return
    const wake = this.#wake
    if (wake === undefined) {
      this.#events.push(event)
      return
    }
    this.#wake = undefined
    wake({ done: false, value: [event] })
  }

  end(): void {
    this.#ended = true
    this.#onEnd()
    this.#wake?.({ done: true, value: undefined })
    this.#wake = undefined
  }

  readonly full = false
  onRoom(callback: () => void): void {
    callback()
  }

  get overrun(): boolean {
    return this.#events.length > maxEvents
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly WatchEvent[]> {
    return {
      next: () => {
        if (this.#events.length > 0) {
          const value = this.#events
          this.#events = []
          return Promise.resolve({ done: false, value })
        }
        if (this.#ended) return Promise.resolve({ done: true, value: undefined })
        return new Promise((resolve) => {
          this.#wake = resolve
        })
      },
      return: () => {
        this.#onReturn()
        this.#events = []
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }
}
