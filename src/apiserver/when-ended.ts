import type { WatchEvent } from '../apimachinery/meta.ts'
import type { ServerRequest } from './request.ts'
import type { ByteSink, ServerResponse, UpgradedStream } from './response.ts'

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
  readonly #ended: () => void

  constructor(sink: ByteSink, ended: () => void) {
    this.#sink = sink
    this.#ended = ended
  }

  get bufferedBytes(): number {
    return this.#sink.bufferedBytes
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    return this.#sink.write(bytes, taken)
  }

  onDrain(callback: () => void): void {
    this.#sink.onDrain(callback)
  }

  onClose(callback: () => void): void {
    this.#sink.onClose(() => {
      this.#ended()
      callback()
    })
  }

  end(): void {
    this.#sink.end()
    this.#ended()
  }

  destroy(): void {
    this.#sink.destroy()
    this.#ended()
  }
}

/** The answer as it is; `ended` is called once, when the last of it is on its way or the client has gone. */
export function whenEnded(
  request: ServerRequest,
  response: ServerResponse,
  ended: () => void,
): ServerResponse {
  let isOver = false
  const once = (): void => {
    if (isOver) return
    isOver = true
    request.signal.removeEventListener('abort', once)
    ended()
  }
  switch (response.type) {
    case 'stream':
      // Who has gone before the answer starts has no sink.
      request.signal.addEventListener('abort', once)
      return { ...response, start: (sink: ByteSink) => response.start(new WatchedSink(sink, once)) }
    case 'upgrade':
      request.signal.addEventListener('abort', once)
      return {
        ...response,
        start: ({ readable, sink }: UpgradedStream) =>
          response.start({ readable, sink: new WatchedSink(sink, once) }),
      }
    case 'events':
      return { ...response, events: endingWith(response.events, once) }
    default:
      once()
      return response
  }
}
