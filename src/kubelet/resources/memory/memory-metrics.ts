import type { Metrics } from '../../../base/metrics.ts'

/** What is counted of memory, under upstream's names. */
export interface MemoryMetrics {
  requested(): void
  failed(): void
}

export function memoryMetrics(metrics: Metrics): MemoryMetrics {
  const requests = metrics.counter({
    name: 'kubelet_memory_manager_pinning_requests_total',
    help: 'The number of memory pages allocations which required pinning.',
  })
  const errors = metrics.counter({
    name: 'kubelet_memory_manager_pinning_errors_total',
    help: 'The number of memory pages allocations which required pinning that failed.',
  })
  return { requested: () => requests.inc(), failed: () => errors.inc() }
}
