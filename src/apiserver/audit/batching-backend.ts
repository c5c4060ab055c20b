import { Deque } from '../../base/deque.ts'
import type { Host, Timer } from '../../base/host.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import type { AuditBackend } from './audit-backend.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditMetrics } from './audit-metrics.ts'

export interface BatchSettings {
  /** Events that wait; also those that are on their way at a time. */
  readonly bufferSize: number
  readonly maxBatchSize: number
  readonly maxWaitMs: number
  /** Batches; absent: as many as there are. */
  readonly throttle?: { readonly qps: number; readonly burst: number }
}

export interface BatchingOptions extends BatchSettings {
  readonly host: Host
  readonly metrics: AuditMetrics
  readonly backend: AuditBackend
}

/** What events that wait get to arrive in when the server stops. */
const stopMs = 3_000
/** How long it goes on without a pause for others. */
const sliceMs = 5

/** Takes events at once and passes them on in batches. What finds its buffer full is lost, and counted. */
export class BatchingBackend implements AuditBackend {
  readonly #options: BatchingOptions
  readonly #waiting = new Deque<AuditEntry>()
  readonly #bucket: TokenBucket | undefined
  #underWay = 0
  #isStopping = false
  #idle: (() => void) | undefined
  /** For the batch that is not full yet. */
  #wait: Timer | undefined
  /** For what may be sent next. */
  #next: Timer | undefined
  #isDue = false

  constructor(options: BatchingOptions) {
    this.#options = options
    const { host, throttle } = options
    this.#bucket = throttle === undefined ? undefined : new TokenBucket(host, throttle.qps, throttle.burst)
  }

  process(entries: readonly AuditEntry[]): boolean {
    const { metrics, bufferSize } = this.#options
    const room = this.#isStopping ? 0 : Math.max(0, bufferSize - this.#waiting.length)
    for (const entry of entries.slice(0, room)) this.#waiting.push(entry)
    const lost = entries.slice(room)
    if (lost.length > 0) {
      const why = this.#isStopping ? 'audit backend shut down' : 'audit buffer queue blocked'
      metrics.lost('buffered', new Error(why), lost)
    }
    this.#plan()
    return true
  }

  #plan(): void {
    const { host, maxWaitMs } = this.#options
    if (this.#waiting.length === 0) return
    if (this.#isReady()) {
      this.#next ??= host.schedule(this.#isStopping ? 0 : (this.#bucket?.untilNextMs() ?? 0), () => {
        this.#next = undefined
        this.#sendAll()
      })
    } else
      this.#wait ??= host.schedule(maxWaitMs, () => {
        this.#wait = undefined
        this.#isDue = true
        this.#plan()
      })
  }

  #isReady(): boolean {
    const { length } = this.#waiting
    return length > 0 && (length >= this.#options.maxBatchSize || this.#isDue || this.#isStopping)
  }

  /** Whoever is behind and does not answer keeps events waiting here, where there is a limit. */
  #isFull(): boolean {
    const { bufferSize, maxBatchSize } = this.#options
    return this.#underWay > 0 && this.#underWay + maxBatchSize > bufferSize
  }

  #sendAll(): void {
    const { host } = this.#options
    const startMs = host.monotonicMs()
    while (this.#isReady() && !this.#isFull() && host.monotonicMs() - startMs < sliceMs) {
      if (!this.#isStopping && this.#bucket?.tryTake() === false) break
      this.#send()
    }
    this.#goOn()
  }

  #send(): void {
    const { backend, maxBatchSize } = this.#options
    const batch: AuditEntry[] = []
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      batch.push(event)
      if (batch.length === maxBatchSize) break
    }
    this.#isDue = false
    this.#wait?.cancel()
    this.#wait = undefined
    const sent = backend.process(batch)
    if (!(sent instanceof Promise)) return
    this.#underWay += batch.length
    void sent.then(() => {
      this.#underWay -= batch.length
      this.#goOn()
    })
  }

  #goOn(): void {
    if (!this.#isFull()) this.#plan()
    if (this.#waiting.length === 0 && this.#underWay === 0) this.#idle?.()
  }

  #cancelTimers(): void {
    this.#next?.cancel()
    this.#wait?.cancel()
    this.#next = undefined
    this.#wait = undefined
  }

  async stop(): Promise<void> {
    const { host, backend, metrics } = this.#options
    this.#isStopping = true
    this.#cancelTimers()
    this.#plan()
    if (this.#waiting.length > 0 || this.#underWay > 0)
      await new Promise<void>((resolve) => {
        const limit = host.schedule(stopMs, resolve)
        this.#idle = () => {
          limit.cancel()
          resolve()
        }
      })
    this.#cancelTimers()
    const left: AuditEntry[] = []
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift())
      left.push(event)
    if (left.length > 0) metrics.lost('buffered', new Error('audit backend shut down'), left)
    await backend.stop()
  }
}
