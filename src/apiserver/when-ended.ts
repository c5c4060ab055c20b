import type { WatchEvent } from '../apimachinery/meta.ts'
import type { ByteSink, UpgradedStream } from '../base/byte-sink.ts'
import type { ServerRequest } from './request.ts'
import type { ServerResponse } from './response.ts'

async function* endingWith(
  events: AsyncIterable<readonly WatchEvent[]>,
  ended: () => void,
): AsyncGenerator<readonly WatchEvent[]> {
  try {
    yield* events
  } finally {
    ended()
  }
}

/** A sink that says when it has been ended, from whichever side. */
class WatchedSink implements ByteSink {
  readonly #sink: ByteSink
  readonly #ended: (bytes: number) => void
  #bytes = 0

  constructor(sink: ByteSink, ended: (bytes: number) => void) {
    this.#sink = sink
    this.#ended = ended
  }

  get bufferedBytes(): number {
    return this.#sink.bufferedBytes
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    this.#bytes += bytes.length
    return this.#sink.write(bytes, taken)
  }

  onDrain(callback: () => void): void {
    this.#sink.onDrain(callback)
  }

  onClose(callback: () => void): void {
    this.#sink.onClose(() => {
      this.#ended(this.#bytes)
      callback()
    })
  }

  end(): void {
    this.#sink.end()
    this.#ended(this.#bytes)
  }

  destroy(): void {
    this.#sink.destroy()
    this.#ended(this.#bytes)
  }
}

/**
 * The answer as it is; `ended` is called once, when the last of it is on its way or the client has gone, with how many
 * bytes of a stream it was.
 */
export function whenEnded(
  request: ServerRequest,
  response: ServerResponse,
  ended: (bytes: number) => void,
): ServerResponse {
  if (response.type === 'bytes' || response.type === 'object') {
    ended(0)
    return response
  }
  let isOver = false
  const over = (bytes: number): void => {
    if (isOver) return
    isOver = true
    if (response.type !== 'events') request.signal.removeEventListener('abort', gone)
    ended(bytes)
  }
  const gone = (): void => over(0)
  switch (response.type) {
    case 'stream':
      // Who has gone before the answer starts has no sink.
      request.signal.addEventListener('abort', gone)
      return { ...response, start: (sink: ByteSink) => response.start(new WatchedSink(sink, over)) }
    case 'upgrade':
      request.signal.addEventListener('abort', gone)
      return {
        ...response,
        start: ({ readable, sink }: UpgradedStream) =>
          response.start({ readable, sink: new WatchedSink(sink, over) }),
      }
    case 'events':
      return { ...response, events: endingWith(response.events, gone) }
  }
}
