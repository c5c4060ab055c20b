import type { Gauge, Metrics } from '../../base/metrics.ts'

/** How long a node took from the machine's start until it was ready, part by part. Times are in milliseconds since the epoch. */
export class StartupMetrics {
  readonly #before: Gauge
  readonly #unregistered: Gauge
  readonly #registration: Gauge
  readonly #registered: Gauge
  readonly #total: Gauge
  readonly #bootMs: number
  readonly #agentMs: number
  #registeringMs: number
  #registeredMs: number | undefined
  #isReady = false

  constructor(metrics: Metrics, bootMs: number, agentMs: number) {
    const gauge = (name: string, what: string): Gauge =>
      metrics.gauge({
        name: `kubelet_node_startup_${name}duration_seconds`,
        help: `Duration in seconds of node startup ${what}.`,
      })
    this.#before = gauge('pre_kubelet_', 'before kubelet starts')
    this.#unregistered = gauge('pre_registration_', 'before registration')
    this.#registration = gauge('registration_', 'during registration')
    this.#registered = gauge('post_registration_', 'after registration')
    this.#total = gauge('', 'in total')
    this.#bootMs = bootMs
    this.#agentMs = agentMs
    this.#registeringMs = agentMs
    this.#before.set((agentMs - bootMs) / 1000)
  }

  registering(nowMs: number): void {
    this.#registeringMs = nowMs
    this.#unregistered.set((nowMs - this.#agentMs) / 1000)
  }

  registered(nowMs: number): void {
    this.#registeredMs = nowMs
    this.#registration.set((nowMs - this.#registeringMs) / 1000)
  }

  /** The node shows that it is ready; only the first time counts. */
  ready(nowMs: number): void {
    if (this.#isReady || this.#registeredMs === undefined) return
    this.#isReady = true
    this.#registered.set((nowMs - this.#registeredMs) / 1000)
    this.#total.set((nowMs - this.#bootMs) / 1000)
  }
}
