import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import {
  hasInvalidLabelValue,
  validateLabelSelector,
} from '../../../apimachinery/label-selector-validation.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { labelMatcherOf } from '../../../apimachinery/selectors/label-selector.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { podRules } from '../../core/pod/validation/pod-rules.ts'
import type { batch } from '../../generated/types/index.ts'
import { validateTemplateLabels } from '../../validate-workload.ts'
import { jobNameLabel, legacyNameLabel, legacyUidLabel, uidLabel } from './labels.ts'
import { validateJobTemplateSpec } from './validate-job-spec.ts'
import { validateJobStatus } from './validate-status.ts'
import { validateTemplateChange } from './validate-template-change.ts'

type Job = batch.v1.Job
type Spec = batch.v1.JobSpec

const path = fieldPath('spec')

function checkLabel(job: Job, key: string, value: string, errors: FieldError[]): void {
  const labels = job.spec?.template?.metadata?.labels
  const where = path.child('template.metadata.labels').key(key)
  const actual = labels?.[key]
  if (actual === undefined) errors.push(required(where, `must be '${value}'`))
  else if (actual !== value) errors.push(invalidValue(where, labels, `must be '${value}'`))
}

/** Unless its owner makes the selector, a job's template has labels that no other job's has. */
function validateGenerated(job: Job, withPrefixed: boolean, errors: FieldError[]): void {
  const { spec, metadata: { name = '', uid = '' } = {} } = job
  if (spec?.manualSelector === true || spec?.selector === undefined) return
  if (uid === '') errors.push(required('metadata.uid'))
  const expected: Record<string, string> = {}
  const expect = (key: string, value: string): void => {
    checkLabel(job, key, value, errors)
    expected[key] = value
  }
  expect(legacyUidLabel, uid)
  expect(legacyNameLabel, name)
  if (withPrefixed) {
    expect(uidLabel, uid)
    expect(jobNameLabel, name)
  }
  const matcher = labelMatcherOf(spec.selector)
  if (!('error' in matcher) && !matcher.matches(expected))
    errors.push(invalidValue(path.child('selector'), spec.selector, '`selector` not auto-generated'))
}

function validateSpec(spec: Spec, old: Spec | undefined, features: Features, errors: FieldError[]): void {
  validateJobTemplateSpec(spec, podRules(features, old?.template?.spec), path, errors)
  const where = path.child('selector')
  if (spec.selector === undefined) errors.push(required(where))
  else validateLabelSelector(spec.selector, where, errors, hasInvalidLabelValue(old?.selector))
  validateTemplateLabels(spec.template ?? {}, spec.selector, path.child('template'), errors)
}

/** Pods of an Indexed job have its name and their index as host name. */
function validateHostname(job: Job, errors: FieldError[]): void {
  const { completionMode, completions = 0 } = job.spec ?? {}
  if (completionMode !== 'Indexed' || completions <= 0) return
  const name = job.metadata?.name ?? ''
  const longest = `${name}-${completions - 1}`
  if (isDns1123Label(longest).length === 0) return
  const detail = `will not able to create pod with invalid DNS label: ${longest}`
  errors.push(invalidValue('metadata.name', name, detail))
}

function validateCompletions(spec: Spec, old: Spec, where: FieldPath, errors: FieldError[]): void {
  if (spec.completionMode !== 'Indexed') {
    validateImmutable(spec.completions, old.completions, where, errors)
    return
  }
  if (spec.completions === undefined || semanticallyEqual(spec.completions, old.completions)) return
  if (spec.completions !== spec.parallelism) {
    const detail = 'can only be modified in tandem with spec.parallelism'
    errors.push(invalidValue(where, spec.completions, detail))
  }
}

const immutableFields = [
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const

/** Upstream tells of what is wrong with the specification once more. */
function validateChange(job: Job, old: Job, { features }: WriteContext, errors: FieldError[]): void {
  const { spec } = job
  const { spec: oldSpec } = old
  if (spec === undefined || oldSpec === undefined) return
  validateSpec(spec, oldSpec, features, errors)
  validateCompletions(spec, oldSpec, path.child('completions'), errors)
  validateImmutable(spec.selector, oldSpec.selector, path.child('selector'), errors)
  validateTemplateChange(job, old, features, path, errors)
  for (const field of immutableFields)
    validateImmutable(spec[field], oldSpec[field], path.child(field), errors)
}

export function validateJob(job: Job, old: Job | undefined, context: WriteContext): readonly FieldError[] {
  if (old !== undefined && context.subresource === 'status') return validateJobStatus(job, old)
  const errors: FieldError[] = []
  const oldLabels = old?.spec?.template?.metadata?.labels ?? {}
  const withPrefixed = old === undefined || (jobNameLabel in oldLabels && uidLabel in oldLabels)
  validateGenerated(job, withPrefixed, errors)
  validateSpec(job.spec ?? { template: {} }, old?.spec, context.features, errors)
  validateHostname(job, errors)
  if (old !== undefined) validateChange(job, old, context, errors)
  return errors
}
