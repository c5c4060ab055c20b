import { zoneOf } from '../../api/core/node/zone.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { Host } from '../../base/host.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import type { ZoneMetrics } from './zone-metrics.ts'

/** How fast nodes that are not ready may lose their pods; upstream's defaults where absent. */
export interface EvictionRates {
  /** Nodes a second: `--node-eviction-rate`, 0.1. */
  readonly evictionsPerSecond?: number
  /** The same where most of a big zone is not ready: `--secondary-node-eviction-rate`, 0.01. In small zones there is none then. */
  readonly secondaryEvictionsPerSecond?: number
  /** Nodes of a zone that is small at most: `--large-cluster-size-threshold`, 50. */
  readonly largeClusterSize?: number
  /** What part of a zone is most of it: `--unhealthy-zone-threshold`, 0.55. */
  readonly unhealthyZoneShare?: number
}

const defaultRates: Required<EvictionRates> = {
  evictionsPerSecond: 0.1,
  secondaryEvictionsPerSecond: 0.01,
  largeClusterSize: 50,
  unhealthyZoneShare: 0.55,
}

const excludedLabel = 'node.kubernetes.io/exclude-disruption'

type ZoneState = 'normal' | 'partial' | 'full'

interface Zone {
  ready: number
  notReady: number
  state: ZoneState
  /** 0: nobody is evicted in this zone. */
  perSecond: number
  limiter: TokenBucket | undefined
}

interface Member {
  readonly zone: string
  readonly isReady: boolean
}

function stateOf({ ready, notReady }: Zone, unhealthyShare: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'full'
  return notReady > 2 && notReady / (notReady + ready) >= unhealthyShare ? 'partial' : 'normal'
}

export interface ZonesOptions {
  readonly host: Host
  readonly metrics: ZoneMetrics
  readonly rates: EvictionRates
  /** Called when a zone has another state: what waits there may go, or has to stop. */
  readonly onChange: (wasAllDisrupted: boolean) => void
}

/**
 * How many nodes of each zone are well, and how fast evictions may go there: the more are not, the more likely
 * it is the network between them and us. When no node of any zone is ready, nothing is evicted at all.
 */
export class Zones {
  readonly #options: ZonesOptions
  readonly #rates: Required<EvictionRates>
  readonly #zones = new Map<string, Zone>()
  readonly #members = new Map<string, Member>()
  #allDisrupted = false

  constructor(options: ZonesOptions) {
    this.#options = options
    this.#rates = { ...defaultRates, ...options.rates }
  }

  get allDisrupted(): boolean {
    return this.#allDisrupted
  }

  set(node: core.v1.Node, isReady: boolean): void {
    const name = node.metadata?.name ?? ''
    const zone = zoneOf(node)
    const known = this.#members.get(name)
    if (node.metadata?.labels?.[excludedLabel] !== undefined) {
      this.remove(name)
      return
    }
    if (known?.zone === zone && known.isReady === isReady) return
    this.#leave(known)
    this.#members.set(name, { zone, isReady })
    const entered = this.#zone(zone)
    if (isReady) entered.ready++
    else entered.notReady++
    this.#assess()
  }

  remove(name: string): void {
    const known = this.#members.get(name)
    if (known === undefined) return
    this.#members.delete(name)
    this.#leave(known)
    this.#assess()
  }

  /** Milliseconds until a node of the zone may be tainted, 0 for now; undefined while none may. */
  permit(zone: string): number | undefined {
    if (this.#allDisrupted) return undefined
    const { limiter } = this.#zone(zone)
    if (limiter === undefined) return undefined
    return limiter.tryTake() ? 0 : limiter.untilNextMs()
  }

  #zone(name: string): Zone {
    let zone = this.#zones.get(name)
    if (zone === undefined) {
      zone = { ready: 0, notReady: 0, state: 'normal', perSecond: 0, limiter: undefined }
      this.#setRate(zone, this.#rates.evictionsPerSecond)
      this.#zones.set(name, zone)
    }
    return zone
  }

  /** Who had just evicted somebody at the old rate does not begin the new one with another. */
  #setRate(zone: Zone, perSecond: number): void {
    if (zone.perSecond === perSecond) return
    const isSpent = zone.limiter !== undefined && !zone.limiter.tryTake()
    zone.perSecond = perSecond
    zone.limiter = perSecond === 0 ? undefined : new TokenBucket(this.#options.host, perSecond, 1)
    if (isSpent) zone.limiter?.tryTake()
  }

  #leave(member: Member | undefined): void {
    if (member === undefined) return
    const zone = this.#zone(member.zone)
    if (member.isReady) zone.ready--
    else zone.notReady--
  }

  #assess(): void {
    const { evictionsPerSecond, secondaryEvictionsPerSecond, largeClusterSize, unhealthyZoneShare } =
      this.#rates
    let hasChanged = false
    for (const [name, zone] of this.#zones) {
      this.#options.metrics.zone(name, zone.ready, zone.notReady)
      if (zone.ready + zone.notReady === 0) {
        this.#zones.delete(name)
        continue
      }
      const state = stateOf(zone, unhealthyZoneShare)
      if (state === zone.state) continue
      zone.state = state
      hasChanged = true
      const isSmall = zone.ready + zone.notReady <= largeClusterSize
      const partial = isSmall ? 0 : secondaryEvictionsPerSecond
      this.#setRate(zone, state === 'partial' ? partial : evictionsPerSecond)
    }
    const wasAllDisrupted = this.#allDisrupted
    this.#allDisrupted =
      this.#zones.size > 0 && [...this.#zones.values()].every(({ state }) => state === 'full')
    if (hasChanged || wasAllDisrupted !== this.#allDisrupted) this.#options.onChange(wasAllDisrupted)
  }
}
