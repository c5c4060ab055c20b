import type { Counter, Histogram, Metrics } from '../../../base/metrics.ts'

const buckets = [0.0000005, 0.001, 0.01, 0.1, 1]

/** Upstream tells errors apart by how they begin. */
export function errorType(error: string | undefined): string {
  if (error === undefined) return 'no_error'
  if (error.startsWith('compilation')) return 'compile_error'
  return error.startsWith('validation failed due to running out of cost budget')
    ? 'out_of_budget'
    : 'invalid_error'
}

/** What policies of one kind measure, under upstream's names. */
export class PolicyMetrics {
  readonly #checks: Counter
  readonly #seconds: Histogram

  constructor(metrics: Metrics, kind: 'validating' | 'mutating') {
    const isValidating = kind === 'validating'
    const prefix = `apiserver_${kind}_admission_policy_check`
    const labels = ['policy', 'policy_binding', 'error_type', ...(isValidating ? ['enforcement_action'] : [])]
    this.#checks = metrics.counter({
      name: `${prefix}_total`,
      help: isValidating
        ? 'Validation admission policy check total, labeled by policy and further identified by binding and enforcement action taken.'
        : 'Mutation admission policy check total, labeled by policy and further identified by binding.',
      labels,
    })
    this.#seconds = metrics.histogram({
      name: `${prefix}_duration_seconds`,
      help: isValidating
        ? 'Validation admission latency for individual validation expressions in seconds, labeled by policy and further including binding and enforcement action taken.'
        : 'Mutation admission latency for individual mutation expressions in seconds, labeled by policy and binding.',
      labels,
      buckets,
    })
  }

  /** `labels`: policy, binding, `errorType`, and for validating ones what was done. */
  observe(seconds: number, labels: readonly string[]): void {
    this.#checks.inc(labels)
    this.#seconds.observe(seconds, labels)
  }
}
