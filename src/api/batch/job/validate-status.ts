import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  duplicate,
  immutableMessage,
  invalidField,
  invalidValue,
  required,
} from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { timeMs } from '../../../apimachinery/time.ts'
import { checkNonNegative } from '../../checks.ts'
import type { batch } from '../../generated/types/index.ts'
import { commonIndex, countIndexes } from './index-intervals.ts'
import { hasJobCondition, isJobFinished } from './job-conditions.ts'

type Job = batch.v1.Job

const path = fieldPath('status')
const conditions = path.child('conditions')

interface Change {
  readonly job: Job
  readonly old: Job
  readonly errors: FieldError[]
}

type StatusField = keyof batch.v1.JobStatus

/** Most rules hold only what a write changes: what is wrong already does not block other writes. */
const changed = ({ job, old }: Change, ...fields: readonly StatusField[]): boolean =>
  fields.some((field) => !semanticallyEqual(job.status?.[field], old.status?.[field]))

const changedCondition = ({ job, old }: Change, ...types: readonly string[]): boolean =>
  types.some((type) => hasJobCondition(job, type) !== hasJobCondition(old, type))

const changedFinish = ({ job, old }: Change): boolean => isJobFinished(job) !== isJobFinished(old)

function validateCounters({ job, errors }: Change): void {
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const)
    checkNonNegative(job.status?.[field], path.child(field), errors)
  const seen = new Set<string>()
  for (const field of ['succeeded', 'failed'] as const)
    job.status?.uncountedTerminatedPods?.[field]?.forEach((uid, index) => {
      const where = path.child('uncountedTerminatedPods').child(field).index(index)
      if (uid === '') errors.push(invalidValue(where, uid, 'must not be empty'))
      else if (seen.has(uid)) errors.push(duplicate(where, uid))
      seen.add(uid)
    })
}

function validateCompletion(change: Change): void {
  const { job, errors } = change
  const { completionTime, startTime } = job.status ?? {}
  const complete = hasJobCondition(job, 'Complete')
  const where = path.child('completionTime')
  if (complete && changedCondition(change, 'Complete', 'Failed') && hasJobCondition(job, 'Failed'))
    errors.push(invalidField(conditions, 'cannot set Complete=True and Failed=true conditions'))
  const targeted =
    changedCondition(change, 'Complete', 'FailureTarget') && hasJobCondition(job, 'FailureTarget')
  if (complete && targeted)
    errors.push(invalidField(conditions, 'cannot set Complete=True and FailureTarget=true conditions'))
  const completes = changedCondition(change, 'Complete') || changed(change, 'completionTime')
  if (completes && completionTime !== undefined && !complete) {
    const detail = 'cannot set completionTime when there is no Complete=True condition'
    errors.push(invalidValue(where, completionTime, detail))
  }
  if (completes && completionTime === undefined && complete)
    errors.push(required(where, 'completionTime is required for Complete jobs'))
  const ordered = !changed(change, 'startTime', 'completionTime')
  if (ordered || startTime === undefined || completionTime === undefined) return
  if (timeMs(completionTime) < timeMs(startTime))
    errors.push(invalidValue(where, completionTime, 'must be equal to or after `startTime`'))
}

function validateReasons(change: Change): void {
  const { job, errors } = change
  const fails = changedCondition(change, 'Failed') || changed(change, 'failedIndexes')
  if (fails && hasJobCondition(job, 'Failed') && !hasJobCondition(job, 'FailureTarget')) {
    const detail = 'cannot set Failed=True condition without the FailureTarget=true condition'
    errors.push(invalidField(conditions, detail))
  }
  const succeeds = changedCondition(change, 'Complete', 'SuccessCriteriaMet')
  if (succeeds && hasJobCondition(job, 'Complete') && !hasJobCondition(job, 'SuccessCriteriaMet')) {
    const detail = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'
    errors.push(invalidField(conditions, detail))
  }
}

function validateFinish(change: Change): void {
  const { job, errors } = change
  if (!isJobFinished(job)) return
  const finishes = changedFinish(change)
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = job.status ?? {}
  if ((finishes || changed(change, 'active')) && active > 0)
    errors.push(invalidValue(path.child('active'), active, 'active>0 is invalid for finished job'))
  const neverRan = job.spec?.suspend === true && job.spec.completions === 0
  if ((finishes || changed(change, 'startTime')) && !neverRan && startTime === undefined)
    errors.push(required(path.child('startTime'), 'startTime is required for finished job'))
  const { failed = [], succeeded = [] } = uncounted ?? {}
  const counts = finishes || changed(change, 'uncountedTerminatedPods')
  if (counts && failed.length + succeeded.length > 0) {
    const where = path.child('uncountedTerminatedPods')
    errors.push(invalidValue(where, uncounted, 'must be empty for finished job'))
  }
}

function validateIndexText(
  job: Job,
  field: 'completedIndexes' | 'failedIndexes',
  errors: FieldError[],
): void {
  const text = job.status?.[field]
  const completions = job.spec?.completions
  if (text === undefined || completions === undefined) return
  const counted = countIndexes(text, completions)
  if (typeof counted !== 'number')
    errors.push(invalidValue(path.child(field), text, `error parsing ${field}: ${counted.error}`))
}

function validateIndexes(change: Change): void {
  const { job, errors } = change
  const { completedIndexes = '', failedIndexes } = job.status ?? {}
  const { completions, backoffLimitPerIndex, completionMode } = job.spec ?? {}
  const completed = changed(change, 'completedIndexes')
  const failed = changed(change, 'failedIndexes')
  if (completed) validateIndexText(job, 'completedIndexes', errors)
  if (failed && backoffLimitPerIndex !== undefined) validateIndexText(job, 'failedIndexes', errors)
  if (completed && completedIndexes !== '' && completionMode !== 'Indexed') {
    const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode'
    errors.push(invalidValue(path.child('completedIndexes'), completedIndexes, detail))
  }
  if (failedIndexes === undefined) return
  const where = path.child('failedIndexes')
  if (failed && backoffLimitPerIndex === undefined) {
    const detail = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'
    errors.push(invalidValue(where, failedIndexes, detail))
  }
  if (!(completed || failed) || completions === undefined) return
  const both = commonIndex(completedIndexes, failedIndexes, completions)
  if (both !== undefined) {
    const detail = `failedIndexes and completedIndexes overlap at index: ${both}`
    errors.push(invalidValue(where, failedIndexes, detail))
  }
}

function validatePods(change: Change): void {
  const { job, errors } = change
  const { terminating, ready, active = 0 } = job.status ?? {}
  const finishes = changedFinish(change) || changed(change, 'terminating')
  if (finishes && terminating !== undefined && terminating > 0 && isJobFinished(job))
    errors.push(
      invalidValue(path.child('terminating'), terminating, 'terminating>0 is invalid for finished job'),
    )
  if (changed(change, 'ready', 'active') && ready !== undefined && ready > active)
    errors.push(invalidValue(path.child('ready'), ready, 'cannot set more ready pods than active'))
}

function validateSuccess({ job, errors }: Change): void {
  const met = hasJobCondition(job, 'SuccessCriteriaMet')
  for (const other of ['Failed', 'FailureTarget'])
    if (met && hasJobCondition(job, other))
      errors.push(invalidField(conditions, `cannot set SuccessCriteriaMet=True and ${other}=true conditions`))
  if (job.spec?.successPolicy === undefined || met || !hasJobCondition(job, 'Complete')) return
  const detail = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'
  errors.push(invalidField(conditions, detail))
}

/** Upstream lets the counter of an Indexed job shrink while it is scaled down. */
function validateProgress(change: Change): void {
  const { job, old, errors } = change
  for (const type of ['Failed', 'Complete', 'FailureTarget'])
    if (hasJobCondition(old, type) && !hasJobCondition(job, type))
      errors.push(invalidField(conditions, `cannot disable the terminal ${type}=True condition`))
  const { completionMode, completions, parallelism } = job.spec ?? {}
  const scales = completionMode === 'Indexed' && completions === parallelism
  for (const field of scales ? (['failed'] as const) : (['failed', 'succeeded'] as const)) {
    const value = job.status?.[field] ?? 0
    if (value < (old.status?.[field] ?? 0))
      errors.push(invalidValue(path.child(field), value, `cannot decrease the ${field} counter`))
  }
}

function validateTimes(change: Change): void {
  const { job, old, errors } = change
  const { completionTime, startTime } = job.status ?? {}
  const completedBefore = completionTime !== undefined && old.status?.completionTime !== undefined
  if (completedBefore && changed(change, 'completionTime'))
    errors.push(invalidValue(path.child('completionTime'), completionTime, immutableMessage))
  const resumes = hasJobCondition(old, 'Suspended') && hasJobCondition(job, 'Suspended', 'False')
  const movesStart = changed(change, 'startTime') && old.status?.startTime !== undefined
  if (movesStart && !resumes && job.spec?.suspend !== true) {
    const detail = 'field is immutable for unsuspended job once set'
    errors.push(invalidValue(path.child('startTime'), startTime ?? null, detail))
  }
  const met = hasJobCondition(job, 'SuccessCriteriaMet')
  const metBefore = hasJobCondition(old, 'SuccessCriteriaMet')
  if (metBefore && !met)
    errors.push(invalidField(conditions, 'cannot disable the SuccessCriteriaMet=True condition'))
  if (hasJobCondition(old, 'Complete') && !metBefore && met) {
    const detail = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'
    errors.push(invalidField(conditions, detail))
  }
}

/** Controllers of others may write a job's status, so its transitions are held here. */
export function validateJobStatus(job: Job, old: Job): readonly FieldError[] {
  const change: Change = { job, old, errors: [] }
  validateCounters(change)
  validateCompletion(change)
  validateReasons(change)
  validateFinish(change)
  validateIndexes(change)
  validatePods(change)
  validateSuccess(change)
  validateProgress(change)
  validateTimes(change)
  return change.errors
}
