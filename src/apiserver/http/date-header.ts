import type { Host } from '../../base/host.ts'

/** The `Date` header (RFC 9110 §6.6.1), made once a second. One for a server. */
export class DateHeader {
  readonly #host: Host
  #second = Number.NaN
  #text = ''

  constructor(host: Host) {
    this.#host = host
  }

  now(): string {
    const second = Math.floor(this.#host.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(second * 1000).toUTCString()
    }
    return this.#text
  }
}
