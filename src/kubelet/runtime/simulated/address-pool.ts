/** Hands out the IPv4 addresses of a range in turn, so that one that was given back rests for as long as possible. */
export class AddressPool {
  readonly #network: number
  readonly #size: number
  readonly #taken = new Set<number>()
  #next = firstOffset

  /** `cidr` is IPv4, `10.244.3.0/24`. Throws for anything else. */
  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
    const numbers = (match ?? []).slice(1).map(Number)
    const [a = 256, b = 256, c = 256, d = 256, bits = 33] = numbers
    if (Math.max(a, b, c, d) > 255 || bits > 30) throw new Error(`not an IPv4 range for pods: ${cidr}`)
    this.#size = 2 ** (32 - bits)
    const address = ((a * 256 + b) * 256 + c) * 256 + d
    this.#network = address - (address % this.#size)
  }

  /** Undefined when all are taken. */
  take(): string | undefined {
    for (let tried = firstOffset; tried < this.#size - 1; tried++) {
      const offset = this.#next
      this.#next = offset + 1 < this.#size - 1 ? offset + 1 : firstOffset
      if (this.#taken.has(offset)) continue
      this.#taken.add(offset)
      return format(this.#network + offset)
    }
    return undefined
  }

  give(address: string): void {
    const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    this.#taken.delete(value - this.#network)
  }
}

/** The network's own address and the bridge's stay free. */
const firstOffset = 2

const format = (value: number): string =>
  [value / 2 ** 24, value / 2 ** 16, value / 2 ** 8, value].map((part) => Math.floor(part) % 256).join('.')
