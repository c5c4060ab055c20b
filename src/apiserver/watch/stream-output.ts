import type { StatusError } from '../../apimachinery/status-error.ts'
import type { ByteSink } from '../../base/byte-sink.ts'
import { CacheEvent, type ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Layout } from '../cache/layout.ts'
import type { StreamRepresentation } from '../represent/representation.ts'
import type { WatchOutput } from './watch-run.ts'

/** Bytes that wait for a slow watcher before it is cut off; it then resumes from the last event that it got. */
const maxBufferedBytes = 16 * 2 ** 20

/** A watch over a socket: each event's bytes are made once for all watchers alike. */
export class StreamOutput implements WatchOutput {
  readonly #sink: ByteSink
  readonly #stream: StreamRepresentation
  readonly #layout: Layout
  #full = false

  constructor(sink: ByteSink, stream: StreamRepresentation, layout: Layout) {
    this.#sink = sink
    this.#stream = stream
    this.#layout = layout
  }

  #write(bytes: Uint8Array): void {
    this.#full = !this.#sink.write(bytes)
  }

  initial(record: CachedObject): void {
    const event = new CacheEvent(record.revision, record, undefined, this.#layout)
    this.#write(this.#stream.encode(event, 'ADDED'))
  }

  change(event: CacheEvent, type: ChangeType): void {
    this.#write(event.encoded(this.#stream, type))
  }

  bookmark(revision: number, initialEventsEnd: boolean): void {
    this.#write(this.#stream.bookmark(revision, initialEventsEnd))
  }

  error(error: StatusError): void {
    this.#write(this.#stream.error(error.status))
  }

  /** What a client that reads nothing has not taken is kept for nobody. */
  end(): void {
    if (this.overrun) this.#sink.destroy()
    else this.#sink.end()
  }

  get full(): boolean {
    return this.#full && this.#sink.bufferedBytes > 0
  }

  onRoom(callback: () => void): void {
    this.#sink.onDrain(() => {
      this.#full = false
      callback()
    })
  }

  get overrun(): boolean {
    return this.#sink.bufferedBytes > maxBufferedBytes
  }
}
