/** What a placement is to be like: `balance` draws use apart, `pack` draws it together. */
export type RebalanceGoal = 'balance' | 'pack'

/** A node as the energy sees it; amounts by place in the list of resources. */
export interface Site {
  /** 0: it has nothing of the resource, which then does not count there. */
  readonly allocatable: readonly number[]
  /** Requested there by pods that stay. */
  readonly base: readonly number[]
  /** Nodes of one zone share a number; -1: of none. */
  readonly zone: number
}

/** A pod that may move: its spin points to one of the sites. */
export interface Spin {
  readonly demand: readonly number[]
  /** Replicas of one owner share a number. */
  readonly owner: number
  /** The site where it is now. */
  readonly home: number
}

/** A replica that stays. */
export interface FixedReplica {
  readonly owner: number
  readonly site: number
}

export interface IsingModel {
  readonly goal: RebalanceGoal
  readonly sites: readonly Site[]
  readonly spins: readonly Spin[]
  readonly fixed: readonly FixedReplica[]
  /** How many of the resources, from the first on, are to be balanced or packed; all are limits. */
  readonly weighed: number
  /** Energy of two replicas on one node; half of it in one zone. */
  readonly replicaCoupling: number
  /** Energy of a pod that is not where it is now. */
  readonly moveField: number
}

/** 1 for each of the pairs that a next one makes with those that are there. */
class PairCounts {
  readonly #counts = new Map<number, number>()
  readonly #domains: number

  constructor(domains: number) {
    this.#domains = domains
  }

  of(owner: number, domain: number): number {
    return this.#counts.get(owner * this.#domains + domain) ?? 0
  }

  add(owner: number, domain: number, sign: 1 | -1): void {
    const key = owner * this.#domains + domain
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + sign)
  }

  pairs(): number {
    let sum = 0
    for (const count of this.#counts.values()) sum += (count * (count - 1)) / 2
    return sum
  }
}

/**
 * The energy of a placement as of Ising spins σ(pod, node), one of each pod's being 1:
 *
 *     E = ± Σ(nodes, resources) use² + replicaCoupling · (pairs of replicas on a node + ½ pairs in a zone) + moveField · moves
 *
 * where use² is a coupling 2·d(p)·d(q) ÷ allocatable² between any two pods of a node, and a field of each with those that
 * stay; the plain sums of each node and owner are all that it takes to know what a move changes.
 */
export class IsingEnergy {
  readonly #model: IsingModel
  readonly #sites: readonly Site[]
  readonly #spins: readonly Spin[]
  readonly #at: number[]
  readonly #used: number[][]
  readonly #onSites: PairCounts
  readonly #inZones: PairCounts

  constructor(model: IsingModel) {
    this.#model = model
    this.#sites = model.sites
    this.#spins = model.spins
    this.#at = model.spins.map(({ home }) => home)
    this.#used = model.sites.map(({ base }) => [...base])
    this.#onSites = new PairCounts(model.sites.length)
    this.#inZones = new PairCounts(Math.max(0, ...model.sites.map(({ zone }) => zone)) + 1)
    for (const { owner, site } of model.fixed) this.#count(owner, site, 1)
    for (const { owner, home, demand } of model.spins) {
      this.#count(owner, home, 1)
      this.#use(home, demand, 1)
    }
  }

  siteOf(spin: number): number {
    return this.#at[spin] ?? -1
  }

  /** Worked out from the sums of all nodes. */
  get energy(): number {
    const { replicaCoupling, moveField } = this.#model
    let uses = 0
    for (let site = 0; site < this.#sites.length; site++) uses += this.#squares(site, undefined, 0)
    const pairs = this.#onSites.pairs() + this.#inZones.pairs() / 2
    const moves = this.#spins.filter(({ home }, index) => this.#at[index] !== home).length
    return this.#sign * uses + replicaCoupling * pairs + moveField * moves
  }

  /** Whether there is room for the spin's pod. */
  fits(spin: number, site: number): boolean {
    const allocatable = this.#sites[site]?.allocatable
    const used = this.#used[site]
    return (
      this.#spins[spin]?.demand.every(
        (amount, place) => amount === 0 || (used?.[place] ?? 0) + amount <= (allocatable?.[place] ?? 0),
      ) ?? false
    )
  }

  /** What the energy would change by. */
  delta(spin: number, to: number): number {
    const pod = this.#spins[spin]
    const from = this.#at[spin]
    if (pod === undefined || from === undefined || from === to) return 0
    const { replicaCoupling, moveField } = this.#model
    const uses =
      this.#squares(from, pod.demand, -1) -
      this.#squares(from, undefined, 0) +
      this.#squares(to, pod.demand, 1) -
      this.#squares(to, undefined, 0)
    const pairs = this.#onSites.of(pod.owner, to) - this.#onSites.of(pod.owner, from) + 1
    const moves = Number(to !== pod.home) - Number(from !== pod.home)
    const zonePairs = this.#zonePairs(pod.owner, from, to)
    return this.#sign * uses + replicaCoupling * (pairs + zonePairs / 2) + moveField * moves
  }

  move(spin: number, to: number): void {
    const pod = this.#spins[spin]
    const from = this.#at[spin]
    if (pod === undefined || from === undefined) return
    this.#use(from, pod.demand, -1)
    this.#count(pod.owner, from, -1)
    this.#use(to, pod.demand, 1)
    this.#count(pod.owner, to, 1)
    this.#at[spin] = to
  }

  get #sign(): 1 | -1 {
    return this.#model.goal === 'balance' ? 1 : -1
  }

  #zonePairs(owner: number, from: number, to: number): number {
    const [old, next] = [this.#sites[from]?.zone ?? -1, this.#sites[to]?.zone ?? -1]
    if (old === next) return 0
    return (next < 0 ? 0 : this.#inZones.of(owner, next)) - (old < 0 ? 0 : this.#inZones.of(owner, old) - 1)
  }

  #squares(site: number, demand: readonly number[] | undefined, sign: 1 | -1 | 0): number {
    const { allocatable = [] } = this.#sites[site] ?? {}
    const used = this.#used[site]
    let sum = 0
    for (let place = 0; place < this.#model.weighed; place++) {
      const there = allocatable[place] ?? 0
      if (there > 0) sum += (((used?.[place] ?? 0) + sign * (demand?.[place] ?? 0)) / there) ** 2
    }
    return sum
  }

  #use(site: number, demand: readonly number[], sign: 1 | -1): void {
    const used = this.#used[site]
    if (used !== undefined)
      demand.forEach((amount, place) => {
        used[place] = (used[place] ?? 0) + sign * amount
      })
  }

  #count(owner: number, site: number, sign: 1 | -1): void {
    this.#onSites.add(owner, site, sign)
    const zone = this.#sites[site]?.zone ?? -1
    if (zone >= 0) this.#inZones.add(owner, zone, sign)
  }
}
