import type { Writable } from 'node:stream'
import type { ByteSink } from '../../base/byte-sink.ts'

export type OutgoingHeaders = Record<string, string | readonly string[]>

/** A sink that its server can end. */
export interface OpenSink extends ByteSink {
  /** The server goes: the client sees an end now, the writer that its client has gone. */
  finish(): void
}

/** Where one response goes, over HTTP/2 or HTTP/1.1. Header names are in lower case. */
export interface Outgoing {
  /** The client has gone, or the response is finished: nothing more can be said. */
  readonly closed: boolean
  /** Calls back once the response is finished or the client has gone; at once if that was before. */
  onClose(callback: () => void): void
  /** The whole response: `chunks` are `length` bytes in all, which nobody writes to any more. */
  send(status: number, headers: OutgoingHeaders, chunks: readonly Uint8Array[], length: number): void
  /** Once, before the body. `flush`: the client sees it now and not with the first bytes. */
  head(status: number, headers: OutgoingHeaders, flush: boolean): void
  /** Takes the body bit by bit, after `head`. */
  sink(): OpenSink
  /** The same as a stream of Node's, for what has to be piped. */
  writable(): Writable
  /** Makes the client see a failure and not an end. */
  destroy(): void
}
