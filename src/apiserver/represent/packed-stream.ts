import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { ByteSink } from '../response.ts'

/** Small enough to stay in the processor's cache from packing to encryption. */
const chunkBytes = 128 * 1024
/** Chunks on their way at a time; each is filled again when it has left. */
const maxChunks = 8
const sliceMs = 5

/**
 * Sends pieces packed into large chunks, no faster than the other side takes them and with pauses for other work.
 * What goes wrong on the way breaks the stream, so that nobody takes a part for the whole.
 */
export class PackedStream {
  readonly #host: Host
  readonly #logger: Logger
  readonly #parts: Iterator<Uint8Array>

  constructor(host: Host, logger: Logger, parts: Iterable<Uint8Array>) {
    this.#host = host
    this.#logger = logger
    this.#parts = parts[Symbol.iterator]()
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
    const make = (): Uint8Array => {
      made++
      return new Uint8Array(chunkBytes)
    }
    sink.onClose(() => {
      closed = true
      wake?.()
    })
    let sliceStartMs = this.#host.monotonicMs()
    while (!closed) {
      const chunk = free.pop() ?? (made < maxChunks ? make() : undefined)
      if (chunk === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        sliceStartMs = this.#host.monotonicMs()
        continue
      }
      const used = this.#fill(chunk)
      if (used === 0) break
      sink.write(used === chunkBytes ? chunk : chunk.subarray(0, used), () => {
        free.push(chunk)
        wake?.()
      })
      if (this.#host.monotonicMs() - sliceStartMs < sliceMs) continue
      await this.#host.nextTurn()
      sliceStartMs = this.#host.monotonicMs()
    }
    sink.end()
  }

  #rest: Uint8Array | undefined

  /** Fills the chunk as far as there are parts; gives how far. */
  #fill(chunk: Uint8Array): number {
    let used = 0
    for (;;) {
      const part = this.#rest ?? this.#take()
      this.#rest = undefined
      if (part === undefined) return used
      const room = chunk.length - used
      if (part.length <= room) {
        chunk.set(part, used)
        used += part.length
        if (used === chunk.length) return used
        continue
      }
      chunk.set(part.subarray(0, room), used)
      this.#rest = part.subarray(room)
      return chunk.length
    }
  }

  #take(): Uint8Array | undefined {
    const { done, value } = this.#parts.next()
    return done ? undefined : value
  }
}
