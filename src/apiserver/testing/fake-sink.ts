import type { ByteSink } from '../../base/byte-sink.ts'

/** A client that takes what it is told to. */
export class FakeSink implements ByteSink {
  readonly written: number[] = []
  ended: 'no' | 'ended' | 'destroyed' = 'no'
  readonly #taken: ((() => void) | undefined)[] = []
  #onClose: (() => void)[] = []

  get bufferedBytes(): number {
    return this.written.reduce((sum, bytes) => sum + bytes, 0)
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    this.written.push(bytes.length)
    this.#taken.push(taken)
    return true
  }

  /** The client takes the oldest of what has been written and not been taken. */
  take(): void {
    this.#taken.shift()?.()
  }

  onDrain(): void {}

  onClose(callback: () => void): void {
    this.#onClose.push(callback)
  }

  end(): void {
    this.ended = 'ended'
  }

  destroy(): void {
    this.ended = 'destroyed'
    for (const callback of this.#onClose.splice(0)) callback()
  }
}
