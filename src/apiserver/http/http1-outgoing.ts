import type { ServerResponse as Http1Response, IncomingMessage } from 'node:http'
import type { Writable } from 'node:stream'
import type { OpenSink, Outgoing, OutgoingHeaders } from './outgoing.ts'
import type { TurnBatcher } from './turn-batcher.ts'
import { WritableSink } from './writable-sink.ts'
import { writeChunks } from './write-chunks.ts'

/** What responses over HTTP/1.1 share. */
export interface Http1Context {
  readonly batcher: TurnBatcher
  /** Called before anything is written. */
  readonly beforeSending?: (() => void) | undefined
}

/** A response over HTTP/1.1. */
export class Http1Outgoing implements Outgoing {
  readonly #response: Http1Response<IncomingMessage>
  readonly #context: Http1Context

  constructor(response: Http1Response<IncomingMessage>, context: Http1Context) {
    this.#response = response
    this.#context = context
  }

  get closed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  onClose(callback: () => void): void {
    if (this.#response.destroyed) callback()
    else this.#response.once('close', callback)
  }

  send(status: number, headers: OutgoingHeaders, chunks: readonly Uint8Array[], length: number): void {
    this.head(status, headers, false)
    writeChunks(this.#response, chunks, length)
  }

  head(status: number, headers: OutgoingHeaders, flush: boolean): void {
    this.#context.beforeSending?.()
    for (const [name, value] of Object.entries(headers)) this.#response.setHeader(name, value)
    this.#response.writeHead(status)
    if (flush) this.#response.flushHeaders()
  }

  sink(): OpenSink {
    const destroy = (): void => this.destroy()
    return new WritableSink({ target: this.#response, batcher: this.#context.batcher, destroy })
  }

  writable(): Writable {
    return this.#response
  }

  destroy(): void {
    this.#response.destroy()
  }
}
