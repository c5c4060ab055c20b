import type { Counter, Gauge, Histogram, Metrics } from '../../base/metrics.ts'

const prefix = 'authentication_token_cache_'
const labels = ['status']

/** How often a remembered answer about a token was good enough. Upstream explains none of these. */
export class TokenCacheMetrics {
  readonly #requests: Counter
  readonly #seconds: Histogram
  readonly #fetches: Counter
  readonly #active: Gauge

  constructor(metrics: Metrics) {
    this.#requests = metrics.counter({ name: `${prefix}request_total`, help: '', labels })
    this.#seconds = metrics.histogram({ name: `${prefix}request_duration_seconds`, help: '', labels })
    this.#fetches = metrics.counter({ name: `${prefix}fetch_total`, help: '', labels })
    this.#active = metrics.gauge({ name: `${prefix}active_fetch_count`, help: '', labels })
  }

  answered(status: 'hit' | 'miss', ms: number): void {
    this.#requests.inc([status])
    this.#seconds.observe(ms / 1000, [status])
  }

  /** What it finds. */
  async fetch<T>(ask: () => Promise<T>): Promise<T> {
    this.#active.add(1, ['in_flight'])
    let status = 'error'
    try {
      const found = await ask()
      status = 'ok'
      return found
    } finally {
      this.#active.add(-1, ['in_flight'])
      this.#fetches.inc([status])
    }
  }
}
