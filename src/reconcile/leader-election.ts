import { Lease } from '../api/coordination/lease/kind.ts'
import type { coordination } from '../api/generated/types/index.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import { formatMicroTime } from '../apimachinery/time.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { sleep } from '../base/sleep.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from './controller.ts'

/** What the leader is given to lead with. */
export interface Leadership {
  /** Aborts when the lease is lost or given up. */
  readonly signal: AbortSignal
  /** Throws once the lease could not be renewed in time: what every write asks first, synchronously. */
  readonly checkLease: () => void
}

export interface LeaderElectionOptions {
  readonly client: Client
  readonly events: EventRecorder
  readonly host: Host
  readonly logger: Logger
  readonly namespace: string
  readonly name: string
  /** Unique among the candidates. */
  readonly identity: string
  /** Runs while this candidate leads; has to end soon after its signal aborts. */
  readonly lead: (leadership: Leadership) => Promise<void>
  /** For how long others leave a lease alone that is not renewed; 15 s as upstream. */
  readonly leaseDurationMs?: number
  /** After how long without a renewal the leader steps down; 10 s as upstream. */
  readonly renewDeadlineMs?: number
  /** Between two attempts; 2 s as upstream, stretched by up to 1.2 times while another one leads. */
  readonly retryPeriodMs?: number
}

/** Upstream's JitterFactor. */
const acquireJitter = 1.2

export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

class Candidate {
  readonly #options: LeaderElectionOptions
  readonly leaseDurationMs: number
  readonly renewDeadlineMs: number
  readonly retryPeriodMs: number
  #lease: coordination.v1.Lease | undefined
  /** When the lease was last seen to change, on this candidate's clock: clocks of others are not trusted. */
  #observedMs = 0
  /** Start of the last request that made or renewed the lease. */
  renewedMs = 0

  constructor(options: LeaderElectionOptions) {
    this.#options = options
    this.leaseDurationMs = options.leaseDurationMs ?? 15_000
    this.renewDeadlineMs = options.renewDeadlineMs ?? 10_000
    this.retryPeriodMs = options.retryPeriodMs ?? 2_000
  }

  get lease(): coordination.v1.Lease | undefined {
    return this.#lease
  }

  get isHolder(): boolean {
    return this.#lease?.spec?.holderIdentity === this.#options.identity
  }

  /** Takes the lease if it is free, or renews it; false when neither is possible now. */
  async tryToHold(): Promise<boolean> {
    const { host, logger, name } = this.#options
    const startedMs = host.monotonicMs()
    try {
      // The leader knows the newest version unless somebody has interfered.
      if (!this.isHolder || !(await this.#renewKnown(startedMs))) {
        if (!(await this.#takeIfFree())) return false
      }
      this.renewedMs = startedMs
      return true
    } catch (error) {
      logger.debug('the lease could not be held', { lease: name, error })
      return false
    }
  }

  /** Lets others have the lease at once. */
  async release(): Promise<void> {
    const { logger, name } = this.#options
    if (!this.isHolder) return
    try {
      await this.#write({ ...this.#spec(0), holderIdentity: '', leaseDurationSeconds: 1 })
    } catch (error) {
      logger.debug('the lease could not be released', { lease: name, error })
    }
  }

  async #renewKnown(nowMs: number): Promise<boolean> {
    if (nowMs - this.#observedMs >= this.leaseDurationMs) return false
    try {
      await this.#write(this.#spec(0))
      return true
    } catch (error) {
      if (isStatus(error, 'Conflict', 'NotFound')) return false
      throw error
    }
  }

  async #takeIfFree(): Promise<boolean> {
    const { client, host, namespace, name } = this.#options
    const leases = client.resource(Lease)
    let found: coordination.v1.Lease
    try {
      found = await leases.get(namespace, name)
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
      this.#observe(await leases.create({ metadata: { namespace, name }, spec: this.#spec(0) }))
      return true
    }
    if (found.metadata?.resourceVersion !== this.#lease?.metadata?.resourceVersion) this.#observe(found)
    const { holderIdentity = '', leaseDurationSeconds = 0 } = found.spec ?? {}
    const expiresMs = this.#observedMs + leaseDurationSeconds * 1_000
    if (holderIdentity !== '' && !this.isHolder && host.monotonicMs() < expiresMs) return false
    await this.#write(this.#spec(this.isHolder ? 0 : 1))
    return true
  }

  #spec(transitions: number): coordination.v1.LeaseSpec {
    const { host, identity } = this.#options
    const now = formatMicroTime(host.now())
    const before = this.#lease?.spec
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.floor(this.leaseDurationMs / 1_000),
      acquireTime: (transitions === 0 ? before?.acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: (before?.leaseTransitions ?? 0) + transitions,
    }
  }

  async #write(spec: coordination.v1.LeaseSpec): Promise<void> {
    this.#observe(await this.#options.client.resource(Lease).update({ ...this.#lease, spec }))
  }

  #observe(lease: coordination.v1.Lease): void {
    this.#lease = lease
    this.#observedMs = this.#options.host.monotonicMs()
  }
}

/**
 * Waits for the lease, leads while it can be renewed, gives it back; resolves when the leadership is over or
 * `signal` aborts (coordination.k8s.io/v1 Lease, as client-go's leaderelection).
 */
export async function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  const { host, logger, events, identity, name, lead } = options
  const candidate = new Candidate(options)
  while (!signal.aborted && !(await candidate.tryToHold())) {
    await sleep(host, candidate.retryPeriodMs * (1 + host.random() * acquireJitter), signal)
  }
  if (signal.aborted) {
    await candidate.release()
    return
  }
  const announce = (what: string): void => {
    logger.info(`this candidate ${what}`, { lease: name, identity })
    if (candidate.lease !== undefined) {
      events.event(candidate.lease, 'Normal', 'LeaderElection', `${identity} ${what}`)
    }
  }
  announce('became leader')
  const abort = new AbortController()
  const checkLease = (): void => {
    abort.signal.throwIfAborted()
    if (host.monotonicMs() - candidate.renewedMs < candidate.renewDeadlineMs) return
    throw new LeaseLostError(`the lease ${name} was not renewed in time`)
  }
  const stop = (): void => abort.abort(new LeaseLostError(`the lease ${name} was given up`))
  signal.addEventListener('abort', stop, { once: true })
  const leading = lead({ signal: abort.signal, checkLease })
  const renewing = renew(candidate, options, abort)
  try {
    await leading
  } finally {
    stop()
    signal.removeEventListener('abort', stop)
    await renewing
    announce('stopped leading')
    await candidate.release()
  }
}

/** Renews until the signal aborts, and aborts when the deadline passes without a renewal. */
async function renew(
  candidate: Candidate,
  { host, name }: LeaderElectionOptions,
  abort: AbortController,
): Promise<void> {
  const { signal } = abort
  while (!signal.aborted) {
    await sleep(host, candidate.retryPeriodMs, signal)
    if (signal.aborted) return
    const deadline = new AbortController()
    const leftMs = candidate.renewedMs + candidate.renewDeadlineMs - host.monotonicMs()
    // An attempt that hangs must not keep the leader from stepping down.
    const timedOut = sleep(host, leftMs, AbortSignal.any([signal, deadline.signal])).then(() => false)
    const renewed = await Promise.race([candidate.tryToHold(), timedOut])
    deadline.abort()
    if (renewed) continue
    if (host.monotonicMs() - candidate.renewedMs >= candidate.renewDeadlineMs) {
      abort.abort(new LeaseLostError(`the lease ${name} was not renewed in time`))
    }
  }
}
