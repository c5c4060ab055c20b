import type { Writable } from 'node:stream'
import type { ByteSink } from '../../base/byte-sink.ts'
import type { TurnBatcher } from './turn-batcher.ts'

/** From this size on a write gains nothing from waiting for others. */
const directWriteBytes = 16 * 1024

export interface WritableSinkOptions {
  /** Takes the bytes. */
  readonly target: Writable
  /** What closes when the client goes; the target itself where absent. */
  readonly connection?: Writable
  readonly batcher: TurnBatcher
  readonly destroy: () => void
}

/** A sink over a stream of Node's. Small writes of one turn leave together, but for the first. */
export class WritableSink implements ByteSink {
  readonly #target: Writable
  readonly #connection: Writable
  readonly #batcher: TurnBatcher
  readonly #destroy: () => void
  #ended = false
  #finishing = false
  /** In which it has last been written to. */
  #lastTurn = -1

  constructor(options: WritableSinkOptions) {
    this.#target = options.target
    this.#connection = options.connection ?? options.target
    this.#batcher = options.batcher
    this.#destroy = options.destroy
  }

  get #closed(): boolean {
    return this.#ended || this.#finishing || this.#target.destroyed || this.#connection.destroyed
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.#closed) {
      taken?.()
      return true
    }
    if (bytes.length < directWriteBytes) {
      const turn = this.#batcher.turn()
      if (turn === this.#lastTurn) this.#batcher.cork(this.#target)
      this.#lastTurn = turn
    }
    return taken === undefined ? this.#target.write(bytes) : this.#target.write(bytes, taken)
  }

  get bufferedBytes(): number {
    return this.#target.writableLength
  }

  onDrain(callback: () => void): void {
    this.#target.once('drain', () => {
      if (!this.#ended) callback()
    })
  }

  onClose(callback: () => void): void {
    const report = (): void => {
      if (!this.#ended) callback()
    }
    if (this.#connection.destroyed) report()
    else this.#connection.once('close', report)
  }

  end(): void {
    if (this.#closed) return
    this.#ended = true
    this.#batcher.release(this.#target)
    this.#target.end()
  }

  /** The server goes: the client sees an end now, the writer that its client has gone. */
  finish(): void {
    if (this.#closed) return
    this.#finishing = true
    this.#batcher.release(this.#target)
    this.#target.end()
  }

  destroy(): void {
    if (this.#ended) return
    this.#ended = true
    this.#destroy()
  }
}
