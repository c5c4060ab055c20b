import type { Metrics } from '../base/metrics.ts'
import type { SchedulingQueue } from './scheduling-queue.ts'

const seconds = (start: number, factor: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => start * factor ** index)

/** The scheduler's metrics, under upstream's names. */
export function schedulerMetrics(metrics: Metrics, queue: SchedulingQueue) {
  const pending = metrics.gauge({
    name: 'scheduler_pending_pods',
    help: "Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
    labels: ['queue'],
  })
  metrics.onCollect(() => {
    for (const [name, size] of Object.entries(queue.sizes)) pending.set(size, [name])
  })
  return {
    attempts: metrics.counter({
      name: 'scheduler_schedule_attempts_total',
      help: "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
      labels: ['profile', 'result'],
    }),
    attemptSeconds: metrics.histogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
      labels: ['profile', 'result'],
      buckets: seconds(0.001, 2, 15),
    }),
    algorithmSeconds: metrics.histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'Scheduling algorithm latency in seconds',
      buckets: seconds(0.001, 2, 15),
    }),
    podAttempts: metrics.histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Number of attempts to successfully schedule a pod.',
      buckets: [1, 2, 4, 8, 16],
    }),
    podSeconds: metrics.histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
      labels: ['attempts'],
      buckets: seconds(0.01, 2, 20),
    }),
  }
}

export type SchedulerMetrics = ReturnType<typeof schedulerMetrics>
