import { exponentialBuckets } from '../../base/exponential-buckets.ts'
import type { Metrics } from '../../base/metrics.ts'

const buckets = exponentialBuckets(0.001, 2, 15)

export type ImpersonationDecision = 'allowed' | 'denied'

/** How often who was impersonated, and whether that was allowed: whole, and by each mode that was tried. */
export interface ImpersonationMetrics {
  attempt(mode: string, decision: ImpersonationDecision, ms: number): void
  authorization(mode: string, decision: ImpersonationDecision, ms: number): void
}

export function impersonationMetrics(metrics: Metrics): ImpersonationMetrics {
  const labels = ['mode', 'decision']
  const pair = (name: string, count: string, duration: string): ImpersonationMetrics['attempt'] => {
    const total = metrics.counter({ name: `apiserver_impersonation_${name}_total`, help: count, labels })
    const seconds = metrics.histogram({
      name: `apiserver_impersonation_${name}_duration_seconds`,
      help: duration,
      labels,
      buckets,
    })
    return (mode, decision, ms) => {
      total.inc([mode, decision])
      seconds.observe(ms / 1000, [mode, decision])
    }
  }
  return {
    attempt: pair(
      'attempts',
      'Total number of impersonation attempts split by mode and decision.',
      'Latency of impersonation attempts in seconds split by mode and decision.',
    ),
    authorization: pair(
      'authorization_attempts',
      'Total number of authorization checks made by the impersonation handler split by mode and decision.',
      'Latency of authorization checks made by the impersonation handler in seconds split by mode and decision.',
    ),
  }
}
