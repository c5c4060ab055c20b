import { bitsOf, formatCidr, type IpRange, parseCidr } from '../../apimachinery/ip-address.ts'
import { assert } from '../../base/assert.ts'

/** Equal ranges within a bigger one. What was free last is taken last, so that routes to a node that went can fade. */
export class CidrPool {
  readonly #range: IpRange
  readonly #bits: number
  readonly #size: number
  readonly #used = new Set<number>()
  /** Taken for somebody who does not show it yet. */
  readonly #promised = new Map<string, number>()
  #next = 0

  /** `nodeBits` is the prefix length of each range: 24. */
  constructor(cidr: string, nodeBits: number) {
    const range = parseCidr(cidr)
    assert(range !== undefined, `${cidr} is no range of addresses`)
    assert(nodeBits >= range.prefixBits, `a /${nodeBits} does not fit into ${cidr}`)
    this.#range = range
    this.#bits = nodeBits
    this.#size = 2 ** Math.min(nodeBits - range.prefixBits, 30)
  }

  get name(): string {
    return formatCidr(this.#range)
  }

  get size(): number {
    return this.#size
  }

  get used(): number {
    return this.#used.size
  }

  /** A range for `owner`, the same until `settle`; undefined when none is free. */
  take(owner: string): string | undefined {
    const promised = this.#promised.get(owner)
    if (promised !== undefined) return this.#cidrAt(promised)
    if (this.#used.size >= this.#size) return undefined
    while (this.#used.has(this.#next)) this.#next = (this.#next + 1) % this.#size
    const index = this.#next
    this.#next = (index + 1) % this.#size
    this.#used.add(index)
    this.#promised.set(owner, index)
    return this.#cidrAt(index)
  }

  /** The owner shows this range, or is gone: what was promised otherwise is free again. */
  settle(owner: string, cidr: string | undefined): void {
    const index = this.#promised.get(owner)
    if (index === undefined) return
    this.#promised.delete(owner)
    if (cidr === undefined || !this.#indices(cidr).includes(index)) this.#used.delete(index)
  }

  /** Somebody has this range, whatever its size. What lies elsewhere is none of the pool's. */
  occupy(cidr: string): void {
    for (const index of this.#indices(cidr)) this.#used.add(index)
  }

  release(cidr: string): void {
    for (const index of this.#indices(cidr)) this.#used.delete(index)
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

  /** The pool's ranges that overlap with another one. */
  #indices(cidr: string): readonly number[] {
    const range = parseCidr(cidr)
    if (range === undefined || range.base.family !== this.#range.base.family) return []
    const start = range.base.value - this.#range.base.value
    const length = 1n << BigInt(bitsOf(range.base.family) - range.prefixBits)
    // Both are multiples of their sizes, so that the shift rounds down below zero as well.
    const shift = BigInt(bitsOf(range.base.family) - this.#bits)
    const first = Math.max(0, Number(start >> shift))
    const last = Math.min(this.#size - 1, Number((start + length - 1n) >> shift))
    return last < first ? [] : Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
  }
}
