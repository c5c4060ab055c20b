import type { CpuSet } from './cpu-set.ts'
import { sortedCpus } from './cpu-set.ts'
import {
  type CpuLevel,
  type CpuPlace,
  type CpuPlaces,
  type CpuTopology,
  cpusIn,
  idsIn,
  idsOf,
} from './cpu-topology.ts'

/** Takes processors for one container: what is fullest goes first, so that what is free stays whole. */
export class CpuAccumulator {
  readonly taken = new Set<number>()
  readonly #topology: CpuTopology
  readonly #free: Map<number, CpuPlace>
  readonly #wanted: number
  /** What of the two holds the other, then the cores. */
  readonly #levels: readonly [CpuLevel, CpuLevel, 'core']

  constructor(topology: CpuTopology, available: CpuSet, wanted: number) {
    this.#topology = topology
    this.#free = new Map([...topology.places].filter(([cpu]) => available.has(cpu)))
    this.#wanted = wanted
    this.#levels =
      topology.socketCount >= topology.nodes.length ? ['node', 'socket', 'core'] : ['socket', 'node', 'core']
  }

  get needed(): number {
    return this.#wanted - this.taken.size
  }

  get isSatisfied(): boolean {
    return this.needed < 1
  }

  get free(): CpuPlaces {
    return this.#free
  }

  /** What is free in one of them. */
  freeIn(level: CpuLevel, ids: Iterable<number>): ReadonlySet<number> {
    return cpusIn(this.#free, level, ids)
  }

  take(cpus: Iterable<number>): void {
    for (const cpu of cpus) {
      this.taken.add(cpu)
      this.#free.delete(cpu)
    }
  }

  /** Those that something is free in: within what holds them, and there by how little is free. */
  available(level: CpuLevel): readonly number[] {
    if (level === 'cache') return this.#within('cache', 'node')
    const above = this.#levels.indexOf(level) - 1
    const holder = this.#levels[above]
    return holder === undefined ? this.#byFree(level, idsOf(this.#free, level)) : this.#within(level, holder)
  }

  /** As many whole ones as are needed. */
  takeWhole(level: CpuLevel): void {
    for (const id of this.available(level).filter((each) => this.#isWhole(level, each))) {
      const cpus = cpusIn(this.#topology.places, level, [id])
      if (this.needed >= cpus.size) this.take(cpus)
    }
  }

  /** Whole nodes and sockets, the bigger ones first. */
  takeBiggest(): void {
    const [first, second] = this.#levels
    this.takeWhole(first)
    if (!this.isSatisfied) this.takeWhole(second)
  }

  /** Whole caches, then what is left from one. */
  takeByCache(): void {
    for (const cache of this.available('cache')) {
      if (this.needed >= this.#topology.cpusPerCache) this.takeWhole('cache')
      if (this.isSatisfied) return
      this.#takeFromCache(cache)
      if (this.isSatisfied) return
    }
  }

  /** One by one: core by core, or `spread` over the cores of a socket. */
  takeRest(spread: boolean): void {
    const level = spread ? 'socket' : 'core'
    const inOrder = this.available(level).flatMap((id) => sortedCpus(this.freeIn(level, [id])))
    this.take(inOrder.slice(0, this.needed))
  }

  /** Only where all that is needed comes from this one. */
  #takeFromCache(cache: number): void {
    const { cpusPerCore } = this.#topology
    const cores = idsIn(this.#free, 'core', 'cache', cache).slice(0, Math.ceil(this.needed / cpusPerCore))
    const cpus = sortedCpus(this.freeIn('core', cores))
    const odd = this.needed % 2 !== 0 && cpusPerCore > 1 && cpus.length > this.needed
    const chosen = odd ? cpus.slice(0, -1) : cpus
    if (chosen.length === this.needed) this.take(chosen)
  }

  #within(level: CpuLevel, holder: CpuLevel): readonly number[] {
    return this.available(holder).flatMap((id) => this.#byFree(level, idsIn(this.#free, level, holder, id)))
  }

  #byFree(level: CpuLevel, ids: readonly number[]): readonly number[] {
    const free = new Map(ids.map((id) => [id, this.freeIn(level, [id]).size]))
    return [...ids].sort((a, b) => (free.get(a) ?? 0) - (free.get(b) ?? 0) || a - b)
  }

  #isWhole(level: CpuLevel, id: number): boolean {
    const { places, cpusPerCore, cpusPerSocket } = this.#topology
    const size =
      level === 'core' ? cpusPerCore : level === 'socket' ? cpusPerSocket : cpusIn(places, level, [id]).size
    return this.freeIn(level, [id]).size === size
  }
}
