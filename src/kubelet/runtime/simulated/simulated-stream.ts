import type { OutputSink, StreamOutcome, StreamSession } from '../runtime.ts'

/** A session that is written to by the simulation. Standard input is taken and dropped. */
export class SimulatedStream implements StreamSession {
  readonly #output: OutputSink
  /** Writes wait for each other, so that the sink can hold them back. */
  #written: Promise<void> = Promise.resolve()
  #settle: (outcome: StreamOutcome) => void = () => {}
  readonly done: Promise<StreamOutcome>

  constructor(output: OutputSink) {
    this.#output = output
    this.done = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  write(stream: 'stdout' | 'stderr', line: string): void {
    const data = new TextEncoder().encode(`${line}\n`)
    this.#written = this.#written.then(() => this.#output(stream, data))
  }

  end(outcome: StreamOutcome): void {
    const settle = (): void => this.#settle(outcome)
    this.#written.then(settle, settle)
  }

  async writeStdin(): Promise<void> {}

  closeStdin(): void {}

  resize(): void {}

  close(): void {
    this.#settle({ kind: 'failed', message: 'the session was closed' })
  }
}
