import { Lease } from '../api/coordination/lease/kind.ts'
import type { coordination } from '../api/generated/types/index.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import { formatMicroTime } from '../apimachinery/time.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Client } from '../client/client.ts'

export interface LeaseOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly namespace: string
  readonly name: string
  /** Unique among the candidates. */
  readonly identity: string
  /** True: the API server's coordinator says whose the lease is; nobody takes it (KEP-4355). */
  readonly coordinated?: boolean
}

class LeaseMetrics {
  readonly #labels: readonly string[]
  readonly #status
  readonly #slowPath

  constructor(name: string, metrics: Metrics) {
    const labels = ['name']
    this.#labels = [name]
    this.#status = metrics.gauge({
      name: 'leader_election_master_status',
      help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
      labels,
    })
    this.#slowPath = metrics.counter({
      name: 'leader_election_slowpath_total',
      help: "Total number of slow path exercised in renewing leader leases. 'name' is the string used to identify the lease. Please make sure to group by name.",
      labels,
    })
    this.leads(false)
  }

  leads(isLeader: boolean): void {
    this.#status.set(isLeader ? 1 : 0, this.#labels)
  }

  slowPath(): void {
    this.#slowPath.inc(this.#labels)
  }
}

/** What one candidate knows of a lease, and what it does to have it (coordination.k8s.io/v1 Lease, as client-go's leaderelection). */
export class LeaseHolder {
  readonly metrics: LeaseMetrics
  readonly #options: LeaseOptions
  readonly #durationMs: number
  #lease: coordination.v1.Lease | undefined
  /** When the lease was last seen to change, on this candidate's clock: clocks of others are not trusted. */
  #observedMs = 0

  constructor(options: LeaseOptions, durationMs: number) {
    this.#options = options
    this.#durationMs = durationMs
    this.metrics = new LeaseMetrics(options.name, options.metrics)
  }

  get lease(): coordination.v1.Lease | undefined {
    return this.#lease
  }

  get isHolder(): boolean {
    return this.#lease?.spec?.holderIdentity === this.#options.identity
  }

  /** Makes the lease this candidate's or renews it, as far as it may; false when neither is possible now. Never throws. */
  async tryToHold(): Promise<boolean> {
    const { logger, name, coordinated = false } = this.#options
    try {
      if (coordinated) return await this.#renewIfElected()
      // The leader knows the newest version unless somebody has interfered.
      return (this.isHolder && (await this.#renewKnown())) || (await this.#takeIfFree())
    } catch (error) {
      logger.debug('the lease could not be held', { lease: name, error })
      return false
    }
  }

  /** Lets others have the lease at once. */
  async release(): Promise<void> {
    const { logger, name } = this.#options
    try {
      await this.#read()
      if (!this.isHolder) return
      const { leaseTransitions } = this.#lease?.spec ?? {}
      const now = formatMicroTime(this.#options.host.now())
      const free = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now }
      await this.#write(leaseTransitions === undefined ? free : { ...free, leaseTransitions })
    } catch (error) {
      logger.debug('the lease could not be released', { lease: name, error })
    }
  }

  async #renewKnown(): Promise<boolean> {
    if (this.#isExpired(this.#durationMs)) return false
    try {
      await this.#write(this.#spec(0))
      return true
    } catch (error) {
      if (isStatus(error, 'Conflict', 'NotFound')) return false
      throw error
    }
  }

  async #takeIfFree(): Promise<boolean> {
    const { client, namespace, name } = this.#options
    try {
      await this.#read()
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
      this.#lease = undefined
      const made = { metadata: { namespace, name }, spec: this.#spec(0) }
      this.#observe(await client.resource(Lease).create(made))
      return true
    }
    const { holderIdentity = '', leaseDurationSeconds = 0 } = this.#lease?.spec ?? {}
    if (holderIdentity !== '' && !this.isHolder && !this.#isExpired(leaseDurationSeconds * 1_000))
      return false
    if (this.isHolder) this.metrics.slowPath()
    await this.#write(this.#spec(this.isHolder ? 0 : 1))
    return true
  }

  /** A lease that names somebody else as preferred ends with this term: its holder lets it expire. */
  async #renewIfElected(): Promise<boolean> {
    await this.#read()
    const { leaseDurationSeconds = 0, preferredHolder = '' } = this.#lease?.spec ?? {}
    if (this.#isExpired(leaseDurationSeconds * 1_000) || !this.isHolder || preferredHolder !== '')
      return false
    this.metrics.slowPath()
    await this.#write(this.#spec(0))
    return true
  }

  #isExpired(afterMs: number): boolean {
    return this.#options.host.monotonicMs() >= this.#observedMs + afterMs
  }

  #spec(transitions: number): coordination.v1.LeaseSpec {
    const { host, identity } = this.#options
    const now = formatMicroTime(host.now())
    const { acquireTime, leaseTransitions = 0, strategy } = this.#lease?.spec ?? {}
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.floor(this.#durationMs / 1_000),
      acquireTime: (transitions === 0 ? acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: leaseTransitions + transitions,
      ...(strategy === undefined ? {} : { strategy }),
    }
  }

  async #read(): Promise<void> {
    const { client, namespace, name } = this.#options
    const found = await client.resource(Lease).get(namespace, name)
    if (found.metadata?.resourceVersion !== this.#lease?.metadata?.resourceVersion) this.#observe(found)
  }

  async #write(spec: coordination.v1.LeaseSpec): Promise<void> {
    this.#observe(await this.#options.client.resource(Lease).update({ ...this.#lease, spec }))
  }

  #observe(lease: coordination.v1.Lease): void {
    this.#lease = lease
    this.#observedMs = this.#options.host.monotonicMs()
  }
}
