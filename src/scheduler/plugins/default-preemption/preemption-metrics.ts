import type { Metrics } from '../../../base/metrics.ts'

/** Under upstream's names. */
export function preemptionMetrics(metrics: Metrics) {
  const executions = metrics.counter({
    name: 'scheduler_preemption_goroutines_execution_total',
    help: 'Number of preemption goroutines executed.',
    labels: ['result'],
  })
  return {
    victims: metrics.histogram({
      name: 'scheduler_preemption_victims',
      help: 'Number of selected preemption victims',
      buckets: [1, 2, 4, 8, 16, 32, 64],
    }),
    attempts: metrics.counter({
      name: 'scheduler_preemption_attempts_total',
      help: 'Total preemption attempts in the cluster till now',
    }),
    seconds: metrics.histogram({
      name: 'scheduler_preemption_goroutines_duration_seconds',
      help: 'Duration in seconds for running goroutines for the preemption.',
      labels: ['result'],
      buckets: Array.from({ length: 20 }, (_, index) => 0.01 * 2 ** index),
    }),
    count: (result: 'success' | 'error') => executions.inc([result]),
  }
}
