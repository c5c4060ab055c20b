import { Writable } from 'node:stream'
import type { DateHeader } from './date-header.ts'
import type { H2Stream } from './h2/h2-stream.ts'
import type { OpenSink, Outgoing, OutgoingHeaders } from './outgoing.ts'

/** The body of a response over HTTP/2, bit by bit; what is written in one turn of the event loop leaves together. */
class StreamSink implements OpenSink {
  readonly #stream: H2Stream
  #ended = false

  constructor(stream: H2Stream) {
    this.#stream = stream
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    return this.#stream.write(bytes, taken)
  }

  get bufferedBytes(): number {
    return this.#stream.pendingBytes
  }

  onDrain(callback: () => void): void {
    this.#stream.onDrain(() => {
      if (!this.#ended) callback()
    })
  }

  onClose(callback: () => void): void {
    this.#stream.onClose(() => {
      if (!this.#ended) callback()
    })
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#stream.end()
  }

  finish(): void {
    if (!this.#ended) this.#stream.end()
  }

  destroy(): void {
    if (this.#ended) return
    this.#ended = true
    this.#stream.reset()
  }
}

/** A response over HTTP/2. */
export class Http2Outgoing implements Outgoing {
  readonly #stream: H2Stream
  readonly #date: DateHeader

  constructor(stream: H2Stream, date: DateHeader) {
    this.#stream = stream
    this.#date = date
  }

  get closed(): boolean {
    return this.#stream.closed || this.#stream.ending
  }

  onClose(callback: () => void): void {
    this.#stream.onClose(callback)
  }

  send(status: number, headers: OutgoingHeaders, chunks: readonly Uint8Array[]): void {
    this.head(status, headers)
    // Nothing is copied before it is sent, so there is no need to wait for the client here.
    for (const chunk of chunks) this.#stream.write(chunk)
    this.#stream.end()
  }

  head(status: number, headers: OutgoingHeaders): void {
    headers.date = this.#date.now()
    this.#stream.respond(status, headers)
  }

  sink(): OpenSink {
    return new StreamSink(this.#stream)
  }

  writable(): Writable {
    const stream = this.#stream
    const writable = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        stream.write(chunk, () => done())
      },
      final: (done) => {
        stream.end()
        done()
      },
      destroy: (error, done) => {
        if (!stream.ending) stream.reset()
        done(error)
      },
    })
    stream.onClose(() => writable.destroy())
    return writable
  }

  destroy(): void {
    this.#stream.reset()
  }
}
