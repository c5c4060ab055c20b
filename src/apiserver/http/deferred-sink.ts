import type { ByteSink } from '../response.ts'
import { gzipThresholdBytes, gzipTo } from './gzip.ts'
import type { Outgoing, OutgoingHeaders } from './outgoing.ts'
import type { TurnBatcher } from './turn-batcher.ts'
import { WritableSink } from './writable-sink.ts'

export interface DeferredSinkOptions {
  readonly outgoing: Outgoing
  readonly status: number
  readonly headers: OutgoingHeaders
  readonly batcher: TurnBatcher
}

/** Holds a list back until it is known whether it is long enough to be compressed. */
export class DeferredSink implements ByteSink {
  readonly #options: DeferredSinkOptions
  #held: { readonly bytes: Uint8Array; readonly taken: (() => void) | undefined }[] = []
  #heldBytes = 0
  #sink: WritableSink | undefined
  #ended = false

  constructor(options: DeferredSinkOptions) {
    this.#options = options
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.#sink !== undefined) return this.#sink.write(bytes, taken)
    this.#held.push({ bytes, taken })
    this.#heldBytes += bytes.length
    return this.#heldBytes <= gzipThresholdBytes || this.#compress()
  }

  #compress(): boolean {
    const { outgoing, status, headers, batcher } = this.#options
    if (outgoing.closed) {
      for (const { taken } of this.#held) taken?.()
      this.#held = []
      return true
    }
    outgoing.head(status, { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }, false)
    const connection = outgoing.writable()
    const target = gzipTo(connection)
    const destroy = (): void => outgoing.destroy()
    this.#sink = new WritableSink({ target, connection, batcher, destroy })
    let room = true
    for (const { bytes, taken } of this.#held) room = this.#sink.write(bytes, taken)
    this.#held = []
    return room
  }

  get bufferedBytes(): number {
    return this.#sink === undefined ? this.#heldBytes : this.#sink.bufferedBytes
  }

  onDrain(callback: () => void): void {
    this.#sink?.onDrain(callback)
  }

  onClose(callback: () => void): void {
    this.#options.outgoing.onClose(() => {
      if (!this.#ended) callback()
    })
  }

  end(): void {
    this.#ended = true
    if (this.#sink !== undefined) {
      this.#sink.end()
      return
    }
    const { outgoing, status, headers } = this.#options
    if (outgoing.closed) return
    const held = this.#held.map(({ bytes }) => bytes)
    outgoing.send(status, { ...headers, 'content-length': String(this.#heldBytes) }, held, this.#heldBytes)
  }

  destroy(): void {
    this.#ended = true
    this.#options.outgoing.destroy()
  }
}
