import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { ByteSink } from '../response.ts'

const chunkBytes = 256 * 1024
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
    void this.#host.track(
      this.#run(sink).catch((error: unknown) => {
        this.#logger.error('a list has been broken off', { error })
        sink.destroy()
      }),
    )
  }

  async #run(sink: ByteSink): Promise<void> {
    let closed = false
    let release: (() => void) | undefined
    sink.onClose(() => {
      closed = true
      release?.()
    })
    let sliceStartMs = this.#host.monotonicMs()
    for (let chunk = this.#next(); chunk !== undefined && !closed; chunk = this.#next()) {
      if (!sink.write(chunk) && !closed) {
        await new Promise<void>((resolve) => {
          release = resolve
          sink.onDrain(resolve)
        })
        sliceStartMs = this.#host.monotonicMs()
      } else if (this.#host.monotonicMs() - sliceStartMs > sliceMs) {
        await this.#host.nextTurn()
        sliceStartMs = this.#host.monotonicMs()
      }
    }
    sink.end()
  }

  #rest: Uint8Array | undefined

  /** The next chunk, full but for the last. */
  #next(): Uint8Array | undefined {
    const chunk = new Uint8Array(chunkBytes)
    let used = 0
    for (;;) {
      const part = this.#rest ?? this.#take()
      this.#rest = undefined
      if (part === undefined) return used === 0 ? undefined : chunk.subarray(0, used)
      const room = chunkBytes - used
      if (part.length <= room) {
        chunk.set(part, used)
        used += part.length
        if (used === chunkBytes) return chunk
        continue
      }
      chunk.set(part.subarray(0, room), used)
      this.#rest = part.subarray(room)
      return chunk
    }
  }

  #take(): Uint8Array | undefined {
    const { done, value } = this.#parts.next()
    return done ? undefined : value
  }
}
