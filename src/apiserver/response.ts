import type { WatchEvent } from '../apimachinery/meta.ts'
import type { ByteSink, UpgradedStream } from '../base/byte-sink.ts'

export type Headers = Readonly<Record<string, string>>

/**
 * A JSON-shaped object, a list or a Status. For a source that wants bytes the chain's outermost filter encodes
 * it by the request's `Accept`, so that a front never sees it; the in-process transport gets it as it is.
 */
export interface ObjectResponse {
  readonly type: 'object'
  readonly status: number
  readonly object: unknown
  readonly headers?: Headers
}

/** Raw text or encoded objects: what goes out as it is, in this order. */
export interface BytesResponse {
  readonly type: 'bytes'
  readonly status: number
  readonly contentType: string
  readonly chunks: readonly Uint8Array[]
  readonly headers?: Headers
}

/** A list or a watch: `start` is called once, after the head has been sent, and pushes into the sink. */
export interface StreamResponse {
  readonly type: 'stream'
  readonly status: number
  readonly contentType: string
  readonly headers?: Headers
  /** True: the head goes out now, not with the first bytes. */
  readonly flushHead: boolean
  start(sink: ByteSink): void
}

/** A watch for a source that wants objects: batches in order. `return()` of the iterator stops it. */
export interface EventsResponse {
  readonly type: 'events'
  readonly status: number
  readonly events: AsyncIterable<readonly WatchEvent[]>
}

/** The front answers 101 (HTTP/1.1) or 200 (HTTP/2 CONNECT) with these headers, then hands over the stream. */
export interface UpgradeResponse {
  readonly type: 'upgrade'
  readonly headers: Headers
  start(stream: UpgradedStream): void
}

export type ServerResponse =
  | ObjectResponse
  | BytesResponse
  | StreamResponse
  | EventsResponse
  | UpgradeResponse

export const objectResponse = (object: unknown, status = 200, headers?: Headers): ObjectResponse => ({
  type: 'object',
  status,
  object,
  ...(headers === undefined ? {} : { headers }),
})

const encoder = new TextEncoder()

export const textResponse = (
  text: string,
  status = 200,
  contentType = 'text/plain; charset=utf-8',
  headers?: Headers,
): BytesResponse => ({
  type: 'bytes',
  status,
  contentType,
  chunks: [encoder.encode(text)],
  ...(headers === undefined ? {} : { headers }),
})
