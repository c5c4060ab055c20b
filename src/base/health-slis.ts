import type { Counter, Gauge } from './metrics.ts'
import { PrometheusMetrics } from './prometheus.ts'

/** How a program's health checks went: upstream's `/metrics/slis`, a registry of its own (KEP-3466). */
export class HealthSlis {
  readonly #metrics = new PrometheusMetrics()
  readonly #last: Gauge
  readonly #total: Counter

  constructor() {
    this.#last = this.#metrics.gauge({
      name: 'kubernetes_healthcheck',
      help: '[STABLE] This metric records the result of a single healthcheck.',
      labels: ['name', 'type'],
    })
    this.#total = this.#metrics.counter({
      name: 'kubernetes_healthchecks_total',
      help: '[STABLE] This metric records the results of all healthcheck.',
      labels: ['name', 'type', 'status'],
    })
  }

  /** `type`: the page that asked: `healthz`, `livez` or `readyz`. */
  observe(name: string, type: string, well: boolean): void {
    this.#last.set(well ? 1 : 0, [name, type])
    this.#total.inc([name, type, well ? 'success' : 'error'])
  }

  /** In the Prometheus text format. */
  expose(): string {
    return this.#metrics.expose()
  }
}
