import { sleep } from '../base/sleep.ts'
import type { EventRecorder } from './controller.ts'
import { LeaseHolder, type LeaseOptions } from './lease-holder.ts'

/** What the leader is given to lead with. */
export interface Leadership {
  /** Aborts when the lease is lost or given up. */
  readonly signal: AbortSignal
  /** Throws once the lease could not be renewed in time: what every write asks first, synchronously. */
  readonly checkLease: () => void
}

export interface ElectionTimes {
  /** For how long others leave a lease alone that is not renewed; 15 s as upstream. */
  readonly leaseDurationMs?: number
  /** After how long without a renewal the leader steps down; 10 s as upstream. */
  readonly renewDeadlineMs?: number
  /** Between two attempts; 2 s as upstream, stretched by up to 1.2 times while another one leads. */
  readonly retryPeriodMs?: number
}

export interface LeaderElectionOptions extends LeaseOptions, ElectionTimes {
  readonly events: EventRecorder
  /** Runs while this candidate leads; has to end soon after its signal aborts. */
  readonly lead: (leadership: Leadership) => Promise<void>
  /** Whether the lease is given back at the end, so that nobody has to wait until it expires. Not where it was lost. */
  readonly releaseOnCancel: boolean
}

/** Upstream's JitterFactor. */
const acquireJitter = 1.2

export const defaultElectionTimes: Required<ElectionTimes> = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
}

/** Undefined where nothing is wrong; else what, in the words of client-go's NewLeaderElector. */
export function wrongElectionTimes(times: Required<ElectionTimes>): string | undefined {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = times
  if (leaseDurationMs <= renewDeadlineMs) return 'leaseDuration must be greater than renewDeadline'
  if (renewDeadlineMs <= acquireJitter * retryPeriodMs)
    return 'renewDeadline must be greater than retryPeriod*JitterFactor'
  if (retryPeriodMs <= 0) return 'retryPeriod must be greater than zero'
  return undefined
}

export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/**
 * Waits for the lease, leads while it can be renewed, gives it back; resolves when the leadership is over or
 * `signal` aborts (coordination.k8s.io/v1 Lease, as client-go's leaderelection).
 */
export async function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  await new Election(options).run(signal)
}

class Election {
  readonly #options: LeaderElectionOptions
  readonly #times: Required<ElectionTimes>
  readonly #holder: LeaseHolder
  readonly #abort = new AbortController()
  /** Start of the last request that made or renewed the lease, on both clocks. */
  #renewed = { monotonicMs: 0, wallMs: 0 }

  constructor(options: LeaderElectionOptions) {
    this.#options = options
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = defaultElectionTimes
    this.#times = {
      leaseDurationMs: options.leaseDurationMs ?? leaseDurationMs,
      renewDeadlineMs: options.renewDeadlineMs ?? renewDeadlineMs,
      retryPeriodMs: options.retryPeriodMs ?? retryPeriodMs,
    }
    const wrong = wrongElectionTimes(this.#times)
    if (wrong !== undefined) throw new Error(wrong)
    this.#holder = new LeaseHolder(options, this.#times.leaseDurationMs)
  }

  async run(signal: AbortSignal): Promise<void> {
    const { host, lead, releaseOnCancel } = this.#options
    while (!signal.aborted && !(await this.#tryToHold())) {
      await sleep(host, this.#times.retryPeriodMs * (1 + host.random() * acquireJitter), signal)
    }
    if (signal.aborted) {
      if (releaseOnCancel) await this.#holder.release()
      return
    }
    this.#announce('became leader')
    this.#holder.metrics.leads(true)
    const stop = (): void => this.#end('was given up')
    signal.addEventListener('abort', stop, { once: true })
    const renewing = this.#renew()
    try {
      await lead({ signal: this.#abort.signal, checkLease: () => this.#checkLease() })
    } finally {
      stop()
      signal.removeEventListener('abort', stop)
      await renewing
      // What may be another's already is not written to.
      if (this.#leftMs > 0) {
        this.#announce('stopped leading')
        if (releaseOnCancel) await this.#holder.release()
      }
    }
  }

  async #tryToHold(): Promise<boolean> {
    const { host } = this.#options
    const started = { monotonicMs: host.monotonicMs(), wallMs: host.now() }
    const isHeld = await this.#holder.tryToHold()
    if (isHeld) this.#renewed = started
    return isHeld
  }

  /** Until the deadline, by the clock that says less: the monotonic one may stand still while the machine sleeps. */
  get #leftMs(): number {
    const { host } = this.#options
    const { monotonicMs, wallMs } = this.#renewed
    const passedMs = Math.max(host.monotonicMs() - monotonicMs, host.now() - wallMs)
    return this.#times.renewDeadlineMs - passedMs
  }

  #checkLease(): void {
    this.#abort.signal.throwIfAborted()
    if (this.#leftMs <= 0) throw new LeaseLostError(`the lease ${this.#options.name} was not renewed in time`)
  }

  #end(how: string): void {
    this.#holder.metrics.leads(false)
    this.#abort.abort(new LeaseLostError(`the lease ${this.#options.name} ${how}`))
  }

  #announce(what: string): void {
    const { logger, events, name, identity } = this.#options
    const { lease } = this.#holder
    logger.info(`this candidate ${what}`, { lease: name, identity })
    if (lease !== undefined) events.event(lease, 'Normal', 'LeaderElection', `${identity} ${what}`)
  }

  /** Renews until the signal aborts, and aborts when the deadline passes without a renewal. */
  async #renew(): Promise<void> {
    const { host } = this.#options
    const { retryPeriodMs } = this.#times
    const { signal } = this.#abort
    while (!signal.aborted) {
      await sleep(host, Math.min(retryPeriodMs, this.#leftMs), signal)
      if (signal.aborted) return
      const answered = new AbortController()
      // An attempt that hangs must not keep the leader from stepping down.
      const timedOut = sleep(host, this.#leftMs, signal, answered.signal)
      await Promise.race([this.#leftMs > 0 ? this.#tryToHold() : undefined, timedOut])
      answered.abort()
      if (this.#leftMs <= 0) this.#end('was not renewed in time')
    }
  }
}
