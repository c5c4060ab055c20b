import type { Host } from '../../../../src/base/host.ts'

/** Everything that was done and that went wrong, in order: what a failing seed shows. */
export class Log {
  readonly #host: Host
  readonly #lines: string[] = []

  constructor(host: Host) {
    this.#host = host
  }

  add(what: string): void {
    this.#lines.push(`${(this.#host.monotonicMs() / 1_000).toFixed(3).padStart(9)} ${what}`)
  }

  get lines(): readonly string[] {
    return this.#lines
  }
}
