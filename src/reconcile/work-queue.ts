import type { Host, Timer } from '../base/host.ts'
import type { Counter, Gauge, Histogram, Metrics } from '../base/metrics.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import type { BackOff, Key } from './controller.ts'

export interface WorkQueueOptions {
  /** The label of its metrics. */
  readonly name: string
  readonly host: Host
  readonly metrics: Metrics
  /** Per item, beside the bound over all. */
  readonly backOff: BackOff
  /** Called when `take` may have something that it did not have before. */
  readonly onReady: () => void
}

/** Of upstream's default controller rate limiter, over all items: 10 retries a second, 100 at once. */
const retriesPerSecond = 10
const retryBurst = 100

/** 10 ns, ten times each: upstream's buckets. */
const buckets = Array.from({ length: 10 }, (_, power) => 1e-8 * 10 ** power)

interface Delayed {
  readonly dueMs: number
  readonly timer: Timer
}

class QueueMetrics {
  readonly #labels: readonly string[]
  readonly #depth: Gauge
  readonly #adds: Counter
  readonly #retries: Counter
  readonly #queueDuration: Histogram
  readonly #workDuration: Histogram

  constructor(name: string, metrics: Metrics, unfinished: () => readonly number[]) {
    const labels = ['name']
    const help = (what: string, text: string) => ({ name: `workqueue_${what}`, help: text, labels })
    this.#labels = [name]
    this.#depth = metrics.gauge(help('depth', 'Current depth of workqueue'))
    this.#adds = metrics.counter(help('adds_total', 'Total number of adds handled by workqueue'))
    this.#retries = metrics.counter(help('retries_total', 'Total number of retries handled by workqueue'))
    this.#queueDuration = metrics.histogram({
      ...help(
        'queue_duration_seconds',
        'How long in seconds an item stays in workqueue before being requested.',
      ),
      buckets,
    })
    this.#workDuration = metrics.histogram({
      ...help('work_duration_seconds', 'How long in seconds processing an item from workqueue takes.'),
      buckets,
    })
    const unfinishedSeconds = metrics.gauge(
      help(
        'unfinished_work_seconds',
        "How many seconds of work has done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases.",
      ),
    )
    const longestSeconds = metrics.gauge(
      help(
        'longest_running_processor_seconds',
        'How many seconds has the longest running processor for workqueue been running.',
      ),
    )
    metrics.onCollect(() => {
      const durations = unfinished()
      unfinishedSeconds.set(durations.reduce((sum, ms) => sum + ms, 0) / 1_000, this.#labels)
      longestSeconds.set(durations.reduce((most, ms) => Math.max(most, ms), 0) / 1_000, this.#labels)
    })
  }

  added(depth: number): void {
    this.#adds.inc(this.#labels)
    this.#depth.set(depth, this.#labels)
  }

  taken(depth: number, waitedMs: number): void {
    this.#depth.set(depth, this.#labels)
    this.#queueDuration.observe(waitedMs / 1_000, this.#labels)
  }

  worked(durationMs: number): void {
    this.#workDuration.observe(durationMs / 1_000, this.#labels)
  }

  retried(): void {
    this.#retries.inc(this.#labels)
  }
}

/**
 * Keys waiting for a worker, each at most once, in the order in which they came. A key that is added while it
 * is worked on comes back after `done`.
 */
export class WorkQueue {
  readonly #host: Host
  readonly #onReady: () => void
  readonly #backOff: BackOff
  readonly #metrics: QueueMetrics
  readonly #bucket: TokenBucket
  /** Keys that need work → since when they are known; in order. */
  readonly #waiting = new Map<Key, number>()
  /** Keys that are worked on → since when. */
  readonly #working = new Map<Key, number>()
  /** Of those, the ones that are to come back. */
  readonly #again = new Map<Key, number>()
  readonly #delayed = new Map<Key, Delayed>()
  readonly #failures = new Map<Key, number>()
  #closed = false

  constructor(options: WorkQueueOptions) {
    const { host, onReady, name, metrics, backOff } = options
    this.#host = host
    this.#onReady = onReady
    this.#backOff = backOff
    this.#bucket = new TokenBucket(host, retriesPerSecond, retryBurst)
    this.#metrics = new QueueMetrics(name, metrics, () => {
      const nowMs = host.monotonicMs()
      return [...this.#working.values()].map((sinceMs) => nowMs - sinceMs)
    })
  }

  get depth(): number {
    return this.#waiting.size
  }

  add(key: Key): void {
    if (this.#closed || this.#waiting.has(key) || this.#again.has(key)) return
    const nowMs = this.#host.monotonicMs()
    if (this.#working.has(key)) this.#again.set(key, nowMs)
    else this.#waiting.set(key, nowMs)
    this.#metrics.added(this.#waiting.size)
    if (this.#waiting.has(key)) this.#onReady()
  }

  /** Adds the key when the delay is over; of several delays the earliest counts. */
  addAfter(key: Key, delayMs: number): void {
    if (this.#closed) return
    if (delayMs <= 0) {
      this.add(key)
      return
    }
    const dueMs = this.#host.monotonicMs() + delayMs
    const before = this.#delayed.get(key)
    if (before !== undefined && before.dueMs <= dueMs) return
    before?.timer.cancel()
    const timer = this.#host.schedule(delayMs, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { dueMs, timer })
  }

  /** Adds the key after a failure, later each time. Returns the number of failures since `forget`. */
  addRateLimited(key: Key): number {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    this.#metrics.retried()
    const { baseMs, maxMs } = this.#backOff
    const itemMs = Math.min(baseMs * 2 ** (failures - 1), maxMs)
    this.addAfter(key, Math.max(itemMs, this.#bucket.reserve()))
    return failures
  }

  /** The key's next failure is its first. */
  forget(key: Key): void {
    this.#failures.delete(key)
  }

  /** The next key, to be worked on until `done`. */
  take(): Key | undefined {
    const next = this.#waiting.entries().next()
    if (next.done) return undefined
    const [key, sinceMs] = next.value
    const nowMs = this.#host.monotonicMs()
    this.#waiting.delete(key)
    this.#working.set(key, nowMs)
    this.#metrics.taken(this.#waiting.size, nowMs - sinceMs)
    return key
  }

  done(key: Key): void {
    const nowMs = this.#host.monotonicMs()
    this.#metrics.worked(nowMs - (this.#working.get(key) ?? nowMs))
    this.#working.delete(key)
    const sinceMs = this.#again.get(key)
    if (sinceMs === undefined) return
    this.#again.delete(key)
    if (this.#closed) return
    this.#waiting.set(key, sinceMs)
    this.#onReady()
  }

  /** Forgets everything that waits and takes nothing more. */
  close(): void {
    this.#closed = true
    this.#waiting.clear()
    this.#again.clear()
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
  }
}
