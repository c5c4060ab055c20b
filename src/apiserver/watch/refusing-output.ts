import type { StatusError } from '../../apimachinery/status-error.ts'
import type { ByteSink } from '../../base/byte-sink.ts'
import type { StreamRepresentation } from '../represent/representation.ts'
import type { WatchOutput } from './watch-run.ts'

/** A watch in a form that no event can have: as upstream's, it begins, tells of errors, and ends with the first event. */
export class RefusingOutput implements WatchOutput {
  readonly #sink: ByteSink
  readonly #stream: StreamRepresentation
  readonly full = false
  overrun = false

  constructor(sink: ByteSink, stream: StreamRepresentation) {
    this.#sink = sink
    this.#stream = stream
  }

  initial(): void {
    this.overrun = true
  }

  change(): void {
    this.overrun = true
  }

  bookmark(): void {
    this.overrun = true
  }

  error(error: StatusError): void {
    this.#sink.write(this.#stream.error(error.status))
  }

  end(): void {
    this.#sink.end()
  }

  onRoom(callback: () => void): void {
    callback()
  }
}
