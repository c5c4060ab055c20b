import { formatTime } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import { uidBytes, uuidOf } from '../../base/uuid.ts'

/** Random bytes are drawn for that many uids at once: each call into the host costs more than the bytes. */
const uidsAtOnce = 256

/** Makes uids and times for new objects. One for a server. */
export class Identities {
  readonly #host: Host
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #second = Number.NaN
  #time = ''

  constructor(host: Host) {
    this.#host = host
  }

  /** A random UUID. */
  uid(): string {
    if (this.#at === this.#bytes.length) {
      this.#bytes = this.#host.randomBytes(uidBytes * uidsAtOnce)
      this.#at = 0
    }
    const uid = uuidOf(this.#bytes, this.#at)
    this.#at += uidBytes
    return uid
  }

  /** Now as RFC 3339 in seconds; made once a second. */
  time(): string {
    const second = Math.floor(this.#host.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#time = formatTime(second * 1000)
    }
    return this.#time
  }
}
