import type { core } from '../api/generated/types/index.ts'
import type { Host } from '../base/host.ts'
import type { IpFamily } from './ip-family.ts'

export interface FamilyHealth {
  readonly lastUpdated: string
  readonly healthy: boolean
}

/** What `/healthz` and `/livez` answer with; upstream's shape. */
export interface ProxyHealth {
  readonly lastUpdated: string
  readonly currentTime: string
  /** `/healthz` only. */
  readonly nodeEligible?: boolean
  readonly healthy: boolean
  readonly status: Readonly<Record<string, FamilyHealth>>
}

/** The cluster autoscaler's mark on a node that it is about to delete: no new traffic, please. */
const toBeDeletedTaint = 'ToBeDeletedByClusterAutoscaler'

/** Upstream's sync period; no change may wait for twice as long. */
const defaultSyncPeriodMs = 30_000

/** Healthy as long as no change waits too long for its rules. */
export class HealthState {
  readonly #host: Host
  readonly #mostPendingMs: number
  readonly #lastUpdatedMs = new Map<IpFamily, number>()
  readonly #pendingSinceMs = new Map<IpFamily, number>()
  #node: core.v1.Node | undefined

  constructor(host: Host, syncPeriodMs = defaultSyncPeriodMs) {
    this.#host = host
    this.#mostPendingMs = 2 * syncPeriodMs
  }

  queued(family: IpFamily): void {
    if (!this.#pendingSinceMs.has(family)) this.#pendingSinceMs.set(family, this.#host.now())
  }

  updated(family: IpFamily): void {
    this.#pendingSinceMs.delete(family)
    this.#lastUpdatedMs.set(family, this.#host.now())
  }

  nodeIs(node: core.v1.Node | undefined): void {
    this.#node = node
  }

  get nodeEligible(): boolean {
    const node = this.#node
    if (node === undefined || node.metadata?.deletionTimestamp !== undefined) return false
    return !(node.spec?.taints ?? []).some(({ key }) => key === toBeDeletedTaint)
  }

  /** `withNode`: a node that is going away counts as not healthy. */
  read(withNode: boolean): ProxyHealth {
    const nowMs = this.#host.now()
    const time = (ms: number): string => new Date(ms).toISOString()
    const status = [...this.#lastUpdatedMs].map(([family, updatedMs]): [string, FamilyHealth] => {
      const pendingMs = nowMs - (this.#pendingSinceMs.get(family) ?? nowMs)
      return [family, { lastUpdated: time(updatedMs), healthy: pendingMs < this.#mostPendingMs }]
    })
    const eligible = !withNode || this.nodeEligible
    const healthy = eligible && status.every(([, family]) => family.healthy)
    // What is healthy was up to date a moment ago, whether or not there was anything to do.
    const lastUpdatedMs = healthy ? nowMs : Math.max(0, ...this.#lastUpdatedMs.values())
    return {
      lastUpdated: time(lastUpdatedMs),
      currentTime: time(nowMs),
      ...(withNode ? { nodeEligible: this.nodeEligible } : {}),
      healthy,
      status: Object.fromEntries(status),
    }
  }
}
