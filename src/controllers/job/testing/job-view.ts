import { completionIndexKey, trackingFinalizer } from '../../../api/batch/job/labels.ts'
import type { batch } from '../../../api/generated/types/index.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { noFailures } from '../back-off.ts'
import type { Job, Pod } from '../job-pod.ts'
import { type JobView, type Observed, observeJob } from '../observe-job.ts'

export const nowMs: number = Date.parse('2026-01-01T00:10:00Z')

/** A running job of one pod with six retries, as the API server's defaults make it, with what is different. */
export function jobWith(spec: Partial<batch.v1.JobSpec> = {}, status: batch.v1.JobStatus = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default', uid: 'u1' },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      podReplacementPolicy: 'TerminatingOrFailed',
      suspend: false,
      selector: { matchLabels: { job: 'work' } },
      template: {
        metadata: { labels: { job: 'work' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'i' }] },
      },
      ...spec,
    },
    status: { startTime: formatTime(nowMs - 60_000), uncountedTerminatedPods: {}, ...status },
  }
}

/** A job without a number of completions. */
export function workQueue(parallelism: number): Job {
  const { spec: { completions: _, ...spec } = { template: {} }, ...job } = jobWith({ parallelism })
  return { ...job, spec }
}

export interface JobPodTraits {
  readonly name?: string
  readonly phase?: string
  readonly index?: number | string
  readonly annotations?: Readonly<Record<string, string>>
  /** Exit code of its container, `main`. */
  readonly exitCode?: number
  readonly restarts?: number
  /** Milliseconds before `nowMs`. */
  readonly endedMsAgo?: number
  readonly isDeleting?: boolean
  readonly isCounted?: boolean
  readonly isReady?: boolean
  readonly conditions?: NonNullable<Pod['status']>['conditions']
}

function jobPod(traits: JobPodTraits = {}): Pod {
  const { name = 'p', phase = 'Running', index, exitCode, restarts = 0, endedMsAgo = 0 } = traits
  const finishedAt = formatTime(nowMs - endedMsAgo)
  const ended = phase === 'Failed' || phase === 'Succeeded'
  const terminated = { exitCode: exitCode ?? (phase === 'Failed' ? 1 : 0), finishedAt }
  const ready = { type: 'Ready', status: traits.isReady === true ? 'True' : 'False' }
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      creationTimestamp: formatTime(nowMs - 30_000),
      labels: { job: 'work' },
      ...(traits.isCounted === true ? {} : { finalizers: [trackingFinalizer] }),
      ...(traits.isDeleting === true ? { deletionTimestamp: formatTime(nowMs) } : {}),
      annotations: {
        ...(index === undefined ? {} : { [completionIndexKey]: String(index) }),
        ...traits.annotations,
      },
    },
    spec: { containers: [{ name: 'main', image: 'i' }] },
    status: {
      phase,
      conditions: traits.conditions ?? [ready],
      containerStatuses: [
        {
          name: 'main',
          image: 'i',
          imageID: '',
          ready: false,
          restartCount: restarts,
          ...(ended || exitCode !== undefined ? { state: { terminated } } : {}),
        },
      ],
    },
  }
}

export const viewOf = (
  job: Job,
  pods: readonly (Pod | JobPodTraits)[] = [],
  more: Partial<Observed> = {},
): JobView =>
  observeJob({
    job,
    pods: pods.map((each, at) => ('metadata' in each ? each : jobPod({ name: `p${at}`, ...each }))),
    released: new Set(),
    failures: noFailures,
    nowMs,
    ...more,
  })
