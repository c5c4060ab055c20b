import { validateDomainPath } from '../../../apimachinery/domain-path.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required, tooLong } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkNonNegative } from '../../checks.ts'
import type { PodRules } from '../../core/pod/validation/pod-rules.ts'
import { validatePodTemplate } from '../../core/pod/validation/validate-pod-template.ts'
import type { batch } from '../../generated/types/index.ts'
import { validateFailurePolicy, validateSuccessPolicy } from './validate-policies.ts'

type Spec = batch.v1.JobSpec

const maxIndexed = 100_000
const maxIndexedWithManyCompletions = 10_000
const maxManagerBytes = 63

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const

type Count = (typeof counts)[number]

function checkAtMost(
  spec: Spec,
  field: Count,
  max: number,
  circumstances: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  const value = spec[field]
  if (value !== undefined && value > max)
    errors.push(
      invalidValue(path.child(field), value, `must be less than or equal to ${max}${circumstances}`),
    )
}

function validateIndexed(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const { completions, maxFailedIndexes } = spec
  if (completions === undefined)
    errors.push(required(path.child('completions'), 'when completion mode is Indexed'))
  checkAtMost(spec, 'parallelism', maxIndexed, ' when completion mode is Indexed', path, errors)
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    const detail = 'must be less than or equal to completions'
    errors.push(invalidValue(path.child('maxFailedIndexes'), maxFailedIndexes, detail))
  }
  checkAtMost(spec, 'maxFailedIndexes', maxIndexed, '', path, errors)
  if ((completions ?? 0) <= maxIndexed || spec.backoffLimitPerIndex === undefined) return
  if (maxFailedIndexes === undefined) {
    const detail = `must be specified when completions is above ${maxIndexed}`
    errors.push(required(path.child('maxFailedIndexes'), detail))
  }
  const when = ` when completions are above ${maxIndexed} and used with backoff limit per index`
  checkAtMost(spec, 'parallelism', maxIndexedWithManyCompletions, when, path, errors)
  checkAtMost(spec, 'maxFailedIndexes', maxIndexedWithManyCompletions, when, path, errors)
}

function validateCompletionMode(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const { completionMode: mode = 'NonIndexed' } = spec
  if (mode === 'Indexed') validateIndexed(spec, path, errors)
  else if (mode !== 'NonIndexed')
    errors.push(notSupported(path.child('completionMode'), mode, ['NonIndexed', 'Indexed']))
  else
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
      if (spec[field] !== undefined)
        errors.push(invalidValue(path.child(field), spec[field], 'requires indexed completion mode'))
}

function validateReplacementPolicy(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const policy = spec.podReplacementPolicy
  if (policy === undefined) return
  const choices = spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']
  if (!choices.includes(policy)) errors.push(notSupported(path, policy, choices))
}

function validateRestartPolicy(spec: Spec, where: FieldPath, errors: FieldError[]): void {
  const policy = spec.template?.spec?.restartPolicy ?? ''
  if (policy === 'Always' || policy === '') errors.push(required(where, 'valid values: "OnFailure", "Never"'))
  else if (policy !== 'OnFailure' && policy !== 'Never')
    errors.push(notSupported(where, policy, ['OnFailure', 'Never']))
  else if (spec.podFailurePolicy !== undefined && policy !== 'Never') {
    const detail = 'only "Never" is supported when podFailurePolicy is specified'
    errors.push(invalidValue(where, policy, detail))
  }
}

/** What jobs and the templates of CronJobs' jobs have in common. */
export function validateJobTemplateSpec(
  spec: Spec,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const field of counts) checkNonNegative(spec[field], path.child(field), errors)
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'))
  if (spec.managedBy !== undefined) {
    validateDomainPath(spec.managedBy, path.child('managedBy'), errors)
    if (utf8Length(spec.managedBy) > maxManagerBytes)
      errors.push(tooLong(path.child('managedBy'), maxManagerBytes))
  }
  validateCompletionMode(spec, path, errors)
  if (spec.podFailurePolicy !== undefined) validateFailurePolicy(spec, path.child('podFailurePolicy'), errors)
  if (spec.successPolicy !== undefined) {
    const where = path.child('successPolicy')
    if (spec.completionMode === 'Indexed') validateSuccessPolicy(spec, where, errors)
    else errors.push(invalidValue(where, spec.successPolicy, 'requires indexed completion mode'))
  }
  validateReplacementPolicy(spec, path.child('podReplacementPolicy'), errors)
  validatePodTemplate(spec.template ?? {}, rules, path.child('template'), errors)
  validateRestartPolicy(spec, path.child('template.spec.restartPolicy'), errors)
}
