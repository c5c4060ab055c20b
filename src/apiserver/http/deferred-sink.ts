import type { ByteSink } from '../../base/byte-sink.ts'
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
  #held: Uint8Array[] = []
  #heldBytes = 0
  #sink: WritableSink | undefined
  #ended = false

  constructor(options: DeferredSinkOptions) {
    this.#options = options
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.#sink !== undefined) return this.#sink.write(bytes, taken)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > gzipThresholdBytes) return this.#compress(bytes, taken)
    // Who writes may wait for one piece to be taken before the next.
    this.#held.push(bytes.slice())
    taken?.()
    return true
  }

  #compress(bytes: Uint8Array, taken: (() => void) | undefined): boolean {
    const { outgoing, status, headers, batcher } = this.#options
    if (outgoing.closed) {
      this.#held = []
      taken?.()
      return true
    }
    outgoing.head(status, { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }, false)
    const connection = outgoing.writable()
    const target = gzipTo(connection)
    const destroy = (): void => outgoing.destroy()
    this.#sink = new WritableSink({ target, connection, batcher, destroy })
    for (const held of this.#held) this.#sink.write(held)
    this.#held = []
    return this.#sink.write(bytes, taken)
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
    const { outgoing, status } = this.#options
    if (outgoing.closed) return
    const headers = { ...this.#options.headers, 'content-length': String(this.#heldBytes) }
    outgoing.send(status, headers, this.#held, this.#heldBytes)
  }

  destroy(): void {
    this.#ended = true
    this.#options.outgoing.destroy()
  }
}
