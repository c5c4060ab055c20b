import type { Metrics } from '../base/metrics.ts'
import type { GroupOutcome } from './attempt/pod-group-status.ts'
import type { QueuedPod } from './queue/queued-pod.ts'
import type { SchedulingQueue } from './queue/scheduling-queue.ts'

const seconds = (start: number, factor: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => start * factor ** index)

/** What is read off at every exposition. */
export interface SchedulerState {
  readonly queue: Pick<SchedulingQueue, 'sizes' | 'refusals' | 'inFlight'>
  readonly cacheSizes: () => Readonly<Record<'nodes' | 'pods' | 'assumed_pods', number>>
  readonly bindings: () => number
}

function registerState(metrics: Metrics, { queue, cacheSizes, bindings }: SchedulerState): void {
  const pending = metrics.gauge({
    name: 'scheduler_pending_pods',
    help: "Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
    labels: ['queue'],
  })
  const unschedulable = metrics.gauge({
    name: 'scheduler_unschedulable_pods',
    help: 'The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.',
    labels: ['plugin', 'profile'],
  })
  const cacheSize = metrics.gauge({
    name: 'scheduler_cache_size',
    help: 'Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
    labels: ['type'],
  })
  const work = metrics.gauge({
    name: 'scheduler_goroutines',
    help: 'Number of running goroutines split by the work they do such as binding.',
    labels: ['operation'],
  })
  const inFlight = metrics.gauge({
    name: 'scheduler_inflight_events',
    help: 'Number of events currently tracked in the scheduling queue.',
    labels: ['event'],
  })
  metrics.onCollect(() => {
    for (const [name, size] of Object.entries(queue.sizes)) pending.set(size, [name])
    unschedulable.clear()
    for (const { plugin, schedulerName } of queue.refusals()) unschedulable.add(1, [plugin, schedulerName])
    for (const [type, size] of Object.entries(cacheSizes())) cacheSize.set(size, [type])
    work.set(bindings(), ['binding'])
    inFlight.clear()
    inFlight.set(queue.inFlight.pods, ['PodPopped'])
    for (const [label, count] of queue.inFlight.byLabel()) inFlight.set(count, [label])
  })
}

function podMetrics(metrics: Metrics) {
  return {
    attempts: metrics.histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Number of attempts to successfully schedule a pod.',
      buckets: [1, 2, 4, 8, 16],
    }),
    seconds: metrics.histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
      labels: ['attempts'],
      buckets: seconds(0.01, 2, 20),
    }),
    afterFlush: metrics.counter({
      name: 'scheduler_pod_scheduled_after_flush_total',
      help: 'Number of pods that were successfully scheduled after being flushed from unschedulablePods due to timeout. This metric helps detect potential queueing hint misconfigurations or event handling issues.',
    }),
  }
}

/** Of attempts to place whole pod groups, behind GenericWorkload. */
export function podGroupMetrics(metrics: Metrics) {
  const attempts = metrics.counter({
    name: 'scheduler_podgroup_schedule_attempts_total',
    help: "Number of attempts to schedule pod group, by the result. 'unschedulable' means a pod group could not be scheduled, while 'error' means an internal scheduler problem.",
    labels: ['result', 'profile'],
  })
  const attemptSeconds = metrics.histogram({
    name: 'scheduler_podgroup_scheduling_attempt_duration_seconds',
    help: 'Pod group scheduling attempt latency in seconds (scheduling algorithm + binding)',
    labels: ['result', 'profile'],
    buckets: seconds(0.001, 2, 15),
  })
  const algorithmSeconds = metrics.histogram({
    name: 'scheduler_podgroup_scheduling_algorithm_duration_seconds',
    help: 'Pod group scheduling algorithm latency in seconds',
    buckets: seconds(0.001, 2, 15),
  })
  return {
    placed: (tookMs: number): void => algorithmSeconds.observe(tookMs / 1_000),
    observe(profile: string, outcome: GroupOutcome['type'], tookMs: number): void {
      const result = outcome === 'preempting' ? 'waiting_on_preemption' : outcome
      attempts.inc([result, profile])
      attemptSeconds.observe(tookMs / 1_000, [result, profile])
    },
  }
}

export type PodGroupMetrics = ReturnType<typeof podGroupMetrics>

/** The scheduler's metrics, under upstream's names. */
export function schedulerMetrics(metrics: Metrics, state: SchedulerState) {
  registerState(metrics, state)
  const pods = podMetrics(metrics)
  const attempts = metrics.counter({
    name: 'scheduler_schedule_attempts_total',
    help: "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
    labels: ['result', 'profile'],
  })
  const attemptSeconds = metrics.histogram({
    name: 'scheduler_scheduling_attempt_duration_seconds',
    help: 'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
    labels: ['result', 'profile'],
    buckets: seconds(0.001, 2, 15),
  })
  return {
    algorithmSeconds: metrics.histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'Scheduling algorithm latency in seconds',
      buckets: seconds(0.001, 2, 15),
    }),
    incoming: metrics.counter({
      name: 'scheduler_queue_incoming_pods_total',
      help: 'Number of pods added to scheduling queues by event and queue type.',
      labels: ['queue', 'event'],
    }),
    eventSeconds: metrics.histogram({
      name: 'scheduler_event_handling_duration_seconds',
      help: 'Event handling latency in seconds.',
      labels: ['event'],
      buckets: seconds(0.0001, 2, 12),
    }),
    permitSeconds: metrics.histogram({
      name: 'scheduler_permit_wait_duration_seconds',
      help: 'Duration of waiting on permit.',
      labels: ['result'],
      buckets: seconds(0.001, 2, 15),
    }),
    observe(profile: string, result: 'scheduled' | 'unschedulable' | 'error', tookMs: number): void {
      attempts.inc([result, profile])
      attemptSeconds.observe(tookMs / 1_000, [result, profile])
    },
    podScheduled({ attempts: tries, firstTriedMs, flushed }: QueuedPod, nowMs: number): void {
      pods.attempts.observe(tries)
      const label = tries >= 15 ? '15+' : String(tries)
      pods.seconds.observe((nowMs - (firstTriedMs ?? nowMs)) / 1_000, [label])
      if (flushed) pods.afterFlush.inc()
    },
  }
}

export type SchedulerMetrics = ReturnType<typeof schedulerMetrics>
