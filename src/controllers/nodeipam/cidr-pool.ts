import { bitsOf, formatCidr, type IpRange, parseCidr } from '../../apimachinery/ip-address.ts'
import { assert } from '../../base/assert.ts'

/** Equal ranges within a bigger one, taken by owners. */
export class CidrPool {
  readonly #range: IpRange
  readonly #bits: number
  readonly #count: number
  readonly #owners = new Map<number, string>()
  readonly #taken = new Map<string, number>()
  /** All below are taken, or were when looked at last. */
  #next = 0

  /** `nodeBits` is the prefix length of each range: 24. */
  constructor(cidr: string, nodeBits: number) {
    const range = parseCidr(cidr)
    assert(range !== undefined, `${cidr} is no range of addresses`)
    assert(nodeBits >= range.prefixBits, `a /${nodeBits} does not fit into ${cidr}`)
    this.#range = range
    this.#bits = nodeBits
    this.#count = 2 ** Math.min(nodeBits - range.prefixBits, 30)
  }

  /** The owner's range: the one that it has, or the first that is free; undefined when none is. */
  take(owner: string): string | undefined {
    let index = this.#taken.get(owner)
    if (index === undefined) {
      index = this.#firstFree()
      if (index === undefined) return undefined
      this.#assign(owner, index)
    }
    return this.#cidrAt(index)
  }

  /** Notes that the owner has a range already. Ranges from elsewhere are none of the pool's. */
  occupy(owner: string, cidr: string): void {
    const index = this.#indexOf(cidr)
    if (index !== undefined && this.#taken.get(owner) !== index) this.#assign(owner, index)
  }

  release(owner: string): void {
    const index = this.#taken.get(owner)
    if (index === undefined) return
    this.#taken.delete(owner)
    if (this.#owners.get(index) === owner) this.#owners.delete(index)
    this.#next = Math.min(this.#next, index)
  }

  #assign(owner: string, index: number): void {
    this.release(owner)
    this.#taken.set(owner, index)
    this.#owners.set(index, owner)
  }

  #firstFree(): number | undefined {
    while (this.#next < this.#count && this.#owners.has(this.#next)) this.#next++
    return this.#next < this.#count ? this.#next : undefined
  }

  #step(): bigint {
    return 1n << BigInt(bitsOf(this.#range.base.family) - this.#bits)
  }

  #cidrAt(index: number): string {
    const { family, value } = this.#range.base
    return formatCidr({
      base: { family, value: value + BigInt(index) * this.#step() },
      prefixBits: this.#bits,
    })
  }

  #indexOf(cidr: string): number | undefined {
    const range = parseCidr(cidr)
    if (range === undefined || range.base.family !== this.#range.base.family) return undefined
    const index = Number((range.base.value - this.#range.base.value) / this.#step())
    return index >= 0 && index < this.#count ? index : undefined
  }
}
