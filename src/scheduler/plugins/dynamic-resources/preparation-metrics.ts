import type { resource } from '../../../api/generated/types/index.ts'
import type { Metrics } from '../../../base/metrics.ts'

export type PreparationOutcome = 'success' | 'timeout' | 'failure' | 'error'

/** How a wait for devices that somebody prepares has ended, by what it threw. */
export function preparationOutcome(error: unknown): PreparationOutcome {
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('device binding timeout') || message === 'context deadline exceeded')
    return 'timeout'
  return message.startsWith('device binding failed') ? 'failure' : 'error'
}

/** Measures those waits by driver, under upstream's names. */
export function preparationMetrics(
  metrics: Metrics,
  profile: string,
): (claims: readonly resource.v1.ResourceClaim[], outcome: PreparationOutcome, waitedMs: number) => void {
  const labels = ['profile', 'driver', 'status']
  const allocations = metrics.counter({
    name: 'scheduler_dra_bindingconditions_allocations_total',
    help: 'Number of allocations using devices with BindingConditions, counted per driver per scheduling attempt',
    labels,
  })
  const waits = metrics.histogram({
    name: 'scheduler_dra_bindingconditions_wait_duration_seconds',
    help: 'Time in seconds spent waiting for BindingConditions to be satisfied during PreBind.',
    labels,
    buckets: Array.from({ length: 14 }, (_, index) => 0.1 * 2 ** index),
  })
  return (claims, outcome, waitedMs) => {
    for (const { status } of claims)
      for (const { driver, bindingConditions = [] } of status?.allocation?.devices?.results ?? []) {
        waits.observe(waitedMs / 1_000, [profile, driver, outcome])
        if (bindingConditions.length > 0) allocations.inc([profile, driver, outcome])
      }
  }
}
