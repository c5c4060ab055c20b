import {
  bitsOf,
  containsIp,
  formatIp,
  type IpAddress,
  type IpRange,
  parseCidr,
  parseIp,
} from '../../apimachinery/ip-address.ts'
import { assert } from '../../base/assert.ts'
import type { Host } from '../../base/host.ts'
import { AllocationError } from './allocation-error.ts'
import { type Band, bandOf, candidates } from './band.ts'
import { Claims } from './claims.ts'

/** Larger IPv6 ranges are used up to here, as upstream's. */
const maxHostBits = 63
const addressBand = { least: 16, step: 16, most: 256 }

/** Addresses of one service range. The network's own address and an IPv4 network's broadcast address are nobody's. */
export class AddressPool {
  readonly cidr: string
  readonly family: 'IPv4' | 'IPv6'
  /** Kept in step with the services by who owns the pool. */
  readonly claims = new Claims<string>()
  readonly #host: Host
  readonly #range: IpRange
  readonly #first: bigint
  readonly #band: Band

  /** `cidr`: `10.96.0.0/12`. */
  constructor(cidr: string, host: Host) {
    const range = parseCidr(cidr)
    assert(range !== undefined, `${cidr} is no CIDR`)
    const { family, value } = range.base
    const hostBits = Math.min(bitsOf(family) - range.prefixBits, maxHostBits)
    const unusable = family === 4 ? 2 : 1
    assert(hostBits >= 2, `${cidr} has no room for services`)
    this.cidr = cidr
    this.family = family === 4 ? 'IPv4' : 'IPv6'
    this.#host = host
    this.#range = range
    this.#first = value + 1n
    this.#band = bandOf(2 ** hostBits - unusable, addressBand.least, addressBand.step, addressBand.most)
  }

  /** How many addresses can be given out. */
  get size(): number {
    return this.#band.size
  }

  /** The first address: that of the `kubernetes` service. */
  get first(): string {
    return formatIp({ ...this.#range.base, value: this.#first })
  }

  /** Whether an address is in the range, and one that can be given out. */
  holds(text: string): boolean {
    const ip = parseIp(text, { allowLeadingZeros: true })
    return ip !== undefined && this.#usable(ip)
  }

  #usable(ip: IpAddress): boolean {
    if (!containsIp(this.#range, ip)) return false
    const offset = ip.value - this.#first
    return offset >= 0n && offset < BigInt(this.#band.size)
  }

  /** Sets aside a certain address. Gives it in its canonical form. */
  take(text: string): string {
    const ip = parseIp(text)
    if (ip === undefined || !this.#usable(ip)) {
      throw new AllocationError('the provided network does not match the current range')
    }
    const canonical = formatIp(ip)
    if (this.claims.has(canonical)) throw new AllocationError('provided IP is already allocated')
    this.claims.add([canonical])
    return canonical
  }

  /** Sets aside any free address that nobody else has; undefined where there is none. */
  next(isTaken: (ip: string) => boolean): string | undefined {
    if (this.claims.size >= this.#band.size) return undefined
    for (const offset of candidates(this.#host, this.#band)) {
      const text = formatIp({ ...this.#range.base, value: this.#first + BigInt(offset) })
      if (this.claims.has(text) || isTaken(text)) continue
      this.claims.add([text])
      return text
    }
    return undefined
  }
}
