interface Entry {
  readonly delayMs: number
  readonly updatedMs: number
}

export interface BackOffLimits {
  readonly initialMs: number
  readonly maxMs: number
}

/** Upstream's (pkg/kubelet/kubelet.go). */
export const usualBackOff: BackOffLimits = { initialMs: 10_000, maxMs: 300_000 }
const forgottenAfterMs = 600_000

/**
 * Back-off per key: 10 s, doubling to 5 minutes, unless the limits say otherwise; forgotten when the event comes
 * more than 10 minutes after the last step. Pure but for its own state: the clock's readings come in.
 */
export class BackOff {
  readonly #entries = new Map<string, Entry>()
  readonly #limits: BackOffLimits

  constructor(limits: BackOffLimits = usualBackOff) {
    this.#limits = limits
  }

  /** Milliseconds to wait still, counted from `eventMs` (when the container ended); 0: go. */
  remainingMs(key: string, eventMs: number, nowMs: number): number {
    const entry = this.#entries.get(key)
    if (entry === undefined || expired(entry, eventMs)) return 0
    return Math.max(entry.delayMs - (nowMs - eventMs), 0)
  }

  /** As `remainingMs`, counted from the last step. */
  remainingSinceStepMs(key: string, nowMs: number): number {
    const entry = this.#entries.get(key)
    if (entry === undefined || expired(entry, nowMs)) return 0
    return Math.max(entry.delayMs - (nowMs - entry.updatedMs), 0)
  }

  /** The current delay; 0 before the first step. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0
  }

  /** One more attempt is made now, because of something at `eventMs`. */
  step(key: string, eventMs: number, nowMs: number): void {
    const { initialMs, maxMs } = this.#limits
    const entry = this.#entries.get(key)
    const fresh = entry === undefined || expired(entry, eventMs)
    const delayMs = fresh ? initialMs : Math.min(entry.delayMs * 2, maxMs)
    this.#entries.set(key, { delayMs, updatedMs: nowMs })
  }

  reset(key: string): void {
    this.#entries.delete(key)
  }

  /** Forgets what has expired. */
  prune(nowMs: number): void {
    for (const [key, entry] of this.#entries) if (expired(entry, nowMs)) this.#entries.delete(key)
  }
}

const expired = (entry: Entry, eventMs: number): boolean => eventMs - entry.updatedMs > forgottenAfterMs
