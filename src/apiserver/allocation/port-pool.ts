import type { Host } from '../../base/host.ts'
import { AllocationError } from './allocation-error.ts'
import { type Band, bandOf, candidates } from './band.ts'
import { Claims } from './claims.ts'

export interface PortRange {
  readonly first: number
  readonly last: number
}

const portBand = { least: 16, step: 32, most: 128 }

/** Ports that all nodes open for services. */
export class PortPool {
  /** Kept in step with the services by who owns the pool. */
  readonly claims = new Claims<number>()
  readonly #host: Host
  readonly #range: PortRange
  readonly #band: Band

  constructor(range: PortRange, host: Host) {
    this.#host = host
    this.#range = range
    this.#band = bandOf(range.last - range.first + 1, portBand.least, portBand.step, portBand.most)
  }

  /** How many ports can be given out. */
  get size(): number {
    return this.#band.size
  }

  /** Sets aside a certain port. */
  take(port: number): void {
    const { first, last } = this.#range
    if (port < first || port > last) {
      throw new AllocationError(
        `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
      )
    }
    if (this.claims.has(port)) throw new AllocationError('provided port is already allocated')
    this.claims.add([port])
  }

  /** Sets aside any free port. */
  next(): number {
    for (const offset of candidates(this.#host, this.#band)) {
      const port = this.#range.first + offset
      if (this.claims.has(port)) continue
      this.claims.add([port])
      return port
    }
    throw new AllocationError('range is full', true)
  }
}
