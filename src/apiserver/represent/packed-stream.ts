import type { ByteSink } from '../../base/byte-sink.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { type ChunkPool, chunkBytes } from './chunk-pool.ts'
import type { ListSource } from './list-source.ts'

/** Of the first one: a client that takes nothing costs little. */
const firstChunkBytes = 16 * 1024
/** Chunks on their way at a time. There is one more for each that has left, but for the first. */
const maxChunks = 8
const sliceMs = 5

/**
 * Sends a list in large chunks, no faster than the other side takes them and with pauses for other work.
 * What goes wrong on the way breaks the stream, so that nobody takes a part for the whole.
 */
export class PackedStream {
  readonly #host: Host
  readonly #logger: Logger
  readonly #chunks: ChunkPool
  readonly #source: ListSource

  constructor(host: Host, logger: Logger, chunks: ChunkPool, source: ListSource) {
    this.#host = host
    this.#logger = logger
    this.#chunks = chunks
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
    let underWay = 0
    let allowed = 1
    let isFirst = true
    sink.onClose(() => {
      closed = true
      wake?.()
    })
    let sliceStartMs = this.#host.monotonicMs()
    while (!closed) {
      if (underWay === allowed) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        sliceStartMs = this.#host.monotonicMs()
        continue
      }
      const chunk = isFirst ? new Uint8Array(firstChunkBytes) : this.#chunks.take()
      isFirst = false
      const used = this.#source.fill(chunk)
      if (used === 0) {
        if (chunk.length === chunkBytes) this.#chunks.give(chunk)
        break
      }
      underWay++
      sink.write(used === chunk.length ? chunk : chunk.subarray(0, used), () => {
        underWay--
        if (chunk.length === chunkBytes) {
          this.#chunks.give(chunk)
          if (allowed < maxChunks) allowed++
        }
        wake?.()
      })
      if (this.#host.monotonicMs() - sliceStartMs < sliceMs) continue
      await this.#host.nextTurn()
      sliceStartMs = this.#host.monotonicMs()
    }
    sink.end()
  }
}
