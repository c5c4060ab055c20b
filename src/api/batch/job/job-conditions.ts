import type { batch } from '../../generated/types/index.ts'

type Job = batch.v1.Job

export const hasJobCondition = (job: Job, type: string, status = 'True'): boolean =>
  (job.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === status)

/** It has succeeded or failed, and nothing more happens to it. */
export const isJobFinished = (job: Job): boolean =>
  hasJobCondition(job, 'Complete') || hasJobCondition(job, 'Failed')
