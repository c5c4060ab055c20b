import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { timeZoneOf } from '../../../apimachinery/time-zone.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkNonNegative, checkRequiredChoice } from '../../checks.ts'
import { type PodRules, podRules } from '../../core/pod/validation/pod-rules.ts'
import type { batch } from '../../generated/types/index.ts'
import { validateJobTemplateSpec } from '../job/validate-job-spec.ts'
import { parseCronSchedule } from './cron-schedule.ts'

type CronJob = batch.v1.CronJob
type Spec = batch.v1.CronJobSpec

/** Jobs get the name and eleven characters for the time. */
const maxNameBytes = 52

function validateSchedule(spec: Spec, old: Spec | undefined, path: FieldPath, errors: FieldError[]): void {
  const { schedule = '' } = spec
  if (schedule === '') {
    errors.push(required(path))
    return
  }
  const parsed = parseCronSchedule(schedule)
  if ('error' in parsed) errors.push(invalidValue(path, schedule, parsed.error))
  if (!schedule.includes('TZ')) return
  if (old?.schedule?.includes('TZ') !== true) {
    const detail = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
    errors.push(invalidValue(path, schedule, detail))
  } else if (spec.timeZone !== undefined) {
    const detail = 'cannot use both timeZone field and TZ or CRON_TZ in schedule'
    errors.push(invalidValue(path, schedule, detail))
  }
}

const zonePart = /^[A-Za-z._0-9+][A-Za-z.\-_0-9+]{0,13}$/

function validateTimeZone(zone: string, path: FieldPath, errors: FieldError[]): void {
  if (zone === '') {
    errors.push(invalidValue(path, zone, 'timeZone must be nil or non-empty string'))
    return
  }
  if (zone.split('/').some((part) => part === '.' || part === '..' || !zonePart.test(part))) {
    errors.push(invalidValue(path, zone, `unknown time zone ${zone}`))
    return
  }
  if (zone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    errors.push(invalidValue(path, zone, detail))
  }
  if (zone !== 'Local' && timeZoneOf(zone) === undefined)
    errors.push(invalidValue(path, zone, `unknown time zone ${zone}`))
}

function validateTemplate(
  template: batch.v1.JobTemplateSpec,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { spec } = template
  const where = path.child('spec')
  validateJobTemplateSpec(spec ?? { template: {} }, rules, where, errors)
  if (spec?.selector !== undefined)
    errors.push(invalidValue(where.child('selector'), spec.selector, '`selector` will be auto-generated'))
  if (spec?.manualSelector === true)
    errors.push(notSupported(where.child('manualSelector'), true, ['nil', 'false']))
}

export function validateCronJob(
  job: CronJob,
  old: CronJob | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const { spec = { schedule: '', jobTemplate: {} } } = job
  if (old !== undefined && context.subresource === 'status') return errors
  const path = fieldPath('spec')
  validateSchedule(spec, old?.spec, path.child('schedule'), errors)
  checkNonNegative(spec.startingDeadlineSeconds, path.child('startingDeadlineSeconds'), errors)
  if (spec.timeZone !== undefined && spec.timeZone !== old?.spec?.timeZone)
    validateTimeZone(spec.timeZone, path.child('timeZone'), errors)
  const policies = ['Allow', 'Forbid', 'Replace']
  checkRequiredChoice(spec.concurrencyPolicy, policies, path.child('concurrencyPolicy'), errors)
  const rules = podRules(context.features, old?.spec?.jobTemplate?.spec?.template?.spec)
  validateTemplate(spec.jobTemplate ?? {}, rules, path.child('jobTemplate'), errors)
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const)
    checkNonNegative(spec[field], path.child(field), errors)
  const name = job.metadata?.name ?? ''
  if (old === undefined && utf8Length(name) > maxNameBytes)
    errors.push(invalidValue('metadata.name', name, 'must be no more than 52 characters'))
  return errors
}
