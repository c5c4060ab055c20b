import { countIndexSet, parseIndexes } from '../../api/batch/job/index-set.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { Counter, Histogram, MetricOptions, Metrics } from '../../base/metrics.ts'
import type { Action } from './failure-policy.ts'
import { isIndexed, isTracked, type Job, type Pod } from './job-pod.ts'
import type { Status } from './job-status.ts'

/** What a reconcile did with the pods. */
export type SyncAction = 'reconciling' | 'tracking' | 'pods_created' | 'pods_deleted'

/** 4 ms, doubled fifteen times: upstream's buckets. */
const buckets = Array.from({ length: 15 }, (_, power) => 0.004 * 2 ** power)

const modeOf = (job: Job): string => (isIndexed(job) ? 'Indexed' : 'NonIndexed')

const isEndedAndTracked = (pod: Pod | undefined): boolean =>
  pod !== undefined && isPodTerminal(pod) && isTracked(pod)

function options(name: string, help: string, labels: readonly string[]): MetricOptions {
  return { name: `job_controller_${name}`, help, labels }
}

/** Upstream's metrics of this controller. */
export class JobMetrics {
  readonly #syncSeconds: Histogram
  readonly #syncs: Counter
  readonly #jobs: Counter
  readonly #elsewhere: Counter
  readonly #pods: Counter
  readonly #actions: Counter
  readonly #tracked: Counter
  readonly #indexes: Counter
  readonly #creations: Counter

  constructor(metrics: Metrics) {
    const sync = ['completion_mode', 'result', 'action']
    this.#syncSeconds = metrics.histogram({
      ...options('job_sync_duration_seconds', 'The time it took to sync a job', sync),
      buckets,
    })
    this.#syncs = metrics.counter(options('job_syncs_total', 'The number of job syncs', sync))
    this.#jobs = metrics.counter(
      options('jobs_finished_total', 'The number of finished jobs', ['completion_mode', 'result', 'reason']),
    )
    this.#elsewhere = metrics.counter(
      options('jobs_by_external_controller_total', 'The number of Jobs managed by an external controller', [
        'controller_name',
      ]),
    )
    this.#pods = metrics.counter(
      options('job_pods_finished_total', 'The number of finished Pods that are fully tracked', [
        'completion_mode',
        'result',
      ]),
    )
    this.#actions = metrics.counter(
      options(
        'pod_failures_handled_by_failure_policy_total',
        'The number of failed Pods handled by failure policy, by the action of the rule that matched.',
        ['action'],
      ),
    )
    this.#tracked = metrics.counter(
      options(
        'terminated_pods_tracking_finalizer_total',
        'The number of terminated pods (phase=Failed|Succeeded) that have the finalizer batch.kubernetes.io/job-tracking, by event: "add" or "delete".',
        ['event'],
      ),
    )
    this.#indexes = metrics.counter(
      options('job_finished_indexes_total', 'The number of finished indexes.', ['status', 'backoffLimit']),
    )
    this.#creations = metrics.counter(
      options(
        'job_pods_creation_total',
        'The number of Pods created by the Job controller, by the reason for their creation and its result.',
        ['reason', 'status'],
      ),
    )
  }

  synced(job: Job, isError: boolean, action: SyncAction, durationMs: number): void {
    const labels = [modeOf(job), isError ? 'error' : 'success', action]
    this.#syncSeconds.observe(durationMs / 1_000, labels)
    this.#syncs.inc(labels)
  }

  finished(job: Job, succeeds: boolean, reason: string): void {
    this.#jobs.inc([modeOf(job), succeeds ? 'succeeded' : 'failed', reason])
  }

  managedElsewhere(controller: string): void {
    this.#elsewhere.inc([controller])
  }

  acted(actions: ReadonlyMap<Action, number>): void {
    for (const [action, count] of actions) this.#actions.inc([action], count)
  }

  created(job: Job, failed: number, terminating: number, succeeded: number, failures: number): void {
    const onlyFailed = job.spec?.podReplacementPolicy === 'Failed'
    const again = onlyFailed ? 'recreate_failed' : 'recreate_terminating_or_failed'
    const reason = failed > 0 || (!onlyFailed && terminating > 0) ? again : 'new'
    if (succeeded > 0) this.#creations.inc([reason, 'succeeded'], succeeded)
    if (failures > 0) this.#creations.inc([reason, 'failed'], failures)
  }

  /** What a write of the status has counted. */
  counted(job: Job, before: Status, after: Status): void {
    const { completions = 0, backoffLimitPerIndex } = job.spec ?? {}
    const countOf = (text: string | undefined): number => countIndexSet(parseIndexes(text, completions))
    const mode = modeOf(job)
    const failed = (after.failed ?? 0) - (before.failed ?? 0)
    if (failed > 0) this.#pods.inc([mode, 'failed'], failed)
    if (!isIndexed(job)) {
      const succeeded = (after.succeeded ?? 0) - (before.succeeded ?? 0)
      if (succeeded > 0) this.#pods.inc([mode, 'succeeded'], succeeded)
      return
    }
    const limit = backoffLimitPerIndex === undefined ? 'global' : 'perIndex'
    const completed =
      before.completedIndexes === after.completedIndexes
        ? 0
        : countOf(after.completedIndexes) - countOf(before.completedIndexes)
    if (completed > 0) {
      this.#pods.inc([mode, 'succeeded'], completed)
      this.#indexes.inc(['succeeded', limit], completed)
    }
    if (before.failedIndexes === after.failedIndexes) return
    const failedIndexes = countOf(after.failedIndexes) - countOf(before.failedIndexes)
    if (failedIndexes > 0) this.#indexes.inc(['failed', limit], failedIndexes)
  }

  /** A pod has changed; `pod` is absent when it is gone. */
  podChanged(pod: Pod | undefined, old: Pod | undefined): void {
    const is = isEndedAndTracked(pod)
    if (is !== isEndedAndTracked(old)) this.#tracked.inc([is ? 'add' : 'delete'])
  }
}
