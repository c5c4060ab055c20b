import { CronJob as CronJobKind } from '../../api/batch/cron-job/kind.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { formatTimestamp } from '../../apimachinery/cel/values/times.ts'
import { Timestamp } from '../../apimachinery/cel/values/value.ts'
import type { TimeZone } from '../../apimachinery/time-zone.ts'
import { defined } from '../../base/defined.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'

type CronJob = batch.v1.CronJob

const timestampKey = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** One name for each time, so that a job is not made twice: `<cronjob>-<minutes since 1970>`. */
export const jobName = ({ metadata }: CronJob, startMs: number): string =>
  `${metadata?.name}-${Math.floor(startMs / 60_000)}`

/** The job of a CronJob for one of its times. */
export function makeJob(cronJob: CronJob, startMs: number, zone: TimeZone): batch.v1.Job {
  const { metadata: template, spec } = cronJob.spec?.jobTemplate ?? {}
  const seconds = Math.floor(startMs / 1_000)
  const time = formatTimestamp(new Timestamp(seconds, 0, zone.offsetSeconds(seconds)))
  return defined({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: defined({
      name: jobName(cronJob, startMs),
      namespace: cronJob.metadata?.namespace,
      labels: template?.labels,
      annotations: { ...template?.annotations, [timestampKey]: time },
      ownerReferences: [controllerReference(CronJobKind, cronJob)],
    }),
    spec,
  })
}
