import type { ByteSink } from '../../base/byte-sink.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { ListSource } from './list-source.ts'

/** Small enough to stay in the processor's cache from packing to encryption. */
const chunkBytes = 128 * 1024
/** Of the first one: a client that takes nothing costs little. */
const firstChunkBytes = 16 * 1024
/** Chunks on their way at a time; each is filled again when it has left. There is one more for each that has. */
const maxChunks = 8
const sliceMs = 5

/**
 * Sends a list in large chunks, no faster than the other side takes them and with pauses for other work.
 * What goes wrong on the way breaks the stream, so that nobody takes a part for the whole.
 */
export class PackedStream {
  readonly #host: Host
  readonly #logger: Logger
  readonly #source: ListSource

  constructor(host: Host, logger: Logger, source: ListSource) {
    this.#host = host
    this.#logger = logger
    this.#source = source
  }

  start(sink: ByteSink): void {
    this.#run(sink).catch((error: unknown) => {
      this.#logger.error('a list has been broken off', { error })
      sink.destroy()
    })
  }

  async #run(sink: ByteSink): Promise<void> {
    let closed = false
    let wake: (() => void) | undefined
    const free: Uint8Array[] = []
    let made = 0
    let allowed = 1
    const make = (): Uint8Array => new Uint8Array(made++ === 0 ? firstChunkBytes : chunkBytes)
    sink.onClose(() => {
      closed = true
      wake?.()
    })
    let sliceStartMs = this.#host.monotonicMs()
    while (!closed) {
      const chunk = free.pop() ?? (made < allowed ? make() : undefined)
      if (chunk === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        sliceStartMs = this.#host.monotonicMs()
        continue
      }
      const used = this.#source.fill(chunk)
      if (used === 0) break
      sink.write(used === chunk.length ? chunk : chunk.subarray(0, used), () => {
        if (chunk.length === chunkBytes) free.push(chunk)
        if (allowed <= maxChunks) allowed++
        wake?.()
      })
      if (this.#host.monotonicMs() - sliceStartMs < sliceMs) continue
      await this.#host.nextTurn()
      sliceStartMs = this.#host.monotonicMs()
    }
    sink.end()
  }
}
