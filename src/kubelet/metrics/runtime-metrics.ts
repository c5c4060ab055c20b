import { exponentialBuckets } from '../../base/exponential-buckets.ts'
import type { Counter, Histogram, Metrics } from '../../base/metrics.ts'

export interface RuntimeCall {
  /** `run_podsandbox` */
  readonly operation: string
  readonly tookMs: number
  readonly failed: boolean
  /** Of a sandbox that was to be made. */
  readonly handler: string | undefined
}

/** What the agent asks of the runtime. */
export class RuntimeMetrics {
  readonly #total: Counter
  readonly #durations: Histogram
  readonly #errors: Counter
  readonly #sandboxes: Histogram
  readonly #sandboxErrors: Counter

  constructor(metrics: Metrics) {
    const labels = ['operation_type']
    this.#total = metrics.counter({
      name: 'kubelet_runtime_operations_total',
      help: 'Cumulative number of runtime operations by operation type.',
      labels,
    })
    this.#durations = metrics.histogram({
      name: 'kubelet_runtime_operations_duration_seconds',
      help: 'Duration in seconds of runtime operations. Broken down by operation type.',
      labels,
      buckets: exponentialBuckets(0.005, 2.5, 14),
    })
    this.#errors = metrics.counter({
      name: 'kubelet_runtime_operations_errors_total',
      help: 'Cumulative number of runtime operation errors by operation type.',
      labels,
    })
    this.#sandboxes = metrics.histogram({
      name: 'kubelet_run_podsandbox_duration_seconds',
      help: 'Duration in seconds of the run_podsandbox operations. Broken down by RuntimeClass.Handler.',
      labels: ['runtime_handler'],
    })
    this.#sandboxErrors = metrics.counter({
      name: 'kubelet_run_podsandbox_errors_total',
      help: 'Cumulative number of the run_podsandbox operation errors by RuntimeClass.Handler.',
      labels: ['runtime_handler'],
    })
  }

  done({ operation, tookMs, failed, handler }: RuntimeCall): void {
    this.#total.inc([operation])
    this.#durations.observe(tookMs / 1000, [operation])
    if (failed) this.#errors.inc([operation])
    if (handler === undefined) return
    this.#sandboxes.observe(tookMs / 1000, [handler])
    if (failed) this.#sandboxErrors.inc([handler])
  }
}
