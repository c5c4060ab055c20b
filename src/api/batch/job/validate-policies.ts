import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  duplicate,
  invalidField,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkNonNegative, checkText } from '../../checks.ts'
import type { batch } from '../../generated/types/index.ts'
import { countIndexes } from './index-intervals.ts'

type Spec = batch.v1.JobSpec

const actions: readonly string[] = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const exitCodeOperators: readonly string[] = ['In', 'NotIn']
const conditionStatuses: readonly string[] = ['False', 'True', 'Unknown']
const maxRules = 20
const maxExitCodes = 255
const maxPatterns = 20
const maxIndexesBytes = 64 * 1024

/** Upstream names the choices where nothing was chosen. */
function checkChosen(
  value: string,
  choices: readonly string[],
  where: FieldPath,
  errors: FieldError[],
): void {
  if (value === '') errors.push(required(where, `valid values: [${choices.map(goQuote).join(' ')}]`))
  else if (!choices.includes(value)) errors.push(notSupported(where, value, choices))
}

function validateExitCodes(
  codes: batch.v1.PodFailurePolicyOnExitCodesRequirement,
  containers: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { operator = '', values = [], containerName } = codes
  checkChosen(operator, exitCodeOperators, path.child('operator'), errors)
  if (containerName !== undefined && !containers.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalidValue(path.child('containerName'), containerName, detail))
  }
  const where = path.child('values')
  if (values.length === 0) errors.push(invalidValue(where, values, 'at least one value is required'))
  else if (values.length > maxExitCodes) errors.push(tooMany(where, values.length, maxExitCodes))
  const seen = new Set<number>()
  values.forEach((value, index) => {
    if (operator === 'In' && value === 0)
      errors.push(invalidValue(where.index(index), value, 'must not be 0 for the In operator'))
    if (seen.has(value)) errors.push(duplicate(where.index(index), value))
    seen.add(value)
  })
  if (values.some((value, index) => value < (values[index - 1] ?? value)))
    errors.push(invalidValue(where, values, 'must be ordered'))
}

function validatePatterns(
  patterns: readonly batch.v1.PodFailurePolicyOnPodConditionsPattern[],
  path: FieldPath,
  errors: FieldError[],
): void {
  if (patterns.length > maxPatterns) errors.push(tooMany(path, patterns.length, maxPatterns))
  patterns.forEach(({ type = '', status = '' }, index) => {
    checkText(type, isQualifiedName, path.index(index).child('type'), errors)
    checkChosen(status, conditionStatuses, path.index(index).child('status'), errors)
  })
}

function validateRule(
  rule: batch.v1.PodFailurePolicyRule,
  spec: Spec,
  containers: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { action = '', onExitCodes, onPodConditions = [] } = rule
  checkChosen(action, actions, path.child('action'), errors)
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined)
    errors.push(invalidValue(path.child('action'), action, 'requires the backoffLimitPerIndex to be set'))
  if (onExitCodes !== undefined) validateExitCodes(onExitCodes, containers, path.child('onExitCodes'), errors)
  validatePatterns(onPodConditions, path.child('onPodConditions'), errors)
  if (onExitCodes !== undefined && onPodConditions.length > 0)
    errors.push(invalidField(path, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  if (onExitCodes === undefined && onPodConditions.length === 0)
    errors.push(invalidField(path, 'specifying one of OnExitCodes and OnPodConditions is required'))
}

export function validateFailurePolicy(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const rules = spec.podFailurePolicy?.rules ?? []
  const where = path.child('rules')
  if (rules.length > maxRules) errors.push(tooMany(where, rules.length, maxRules))
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  const names = new Set([...containers, ...initContainers].map((container) => container.name))
  rules.forEach((rule, index) => {
    validateRule(rule, spec, names, where.index(index), errors)
  })
}

function validateSuccessRule(
  rule: batch.v1.SuccessPolicyRule,
  completions: number,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule
  if (count === undefined && indexes === undefined)
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'))
  let named = 0
  if (indexes !== undefined) {
    const where = path.child('succeededIndexes')
    if (utf8Length(indexes) > maxIndexesBytes) errors.push(tooLong(where, maxIndexesBytes))
    const counted = countIndexes(indexes, completions)
    if (typeof counted === 'number') named = counted
    else errors.push(invalidValue(where, indexes, `error parsing succeededIndexes: ${counted.error}`))
  }
  if (count === undefined) return
  const where = path.child('succeededCount')
  checkNonNegative(count, where, errors)
  const atMost = (limit: number, of: string): void => {
    if (count > limit)
      errors.push(invalidValue(where, count, `must be less than or equal to ${limit} (${of})`))
  }
  atMost(completions, 'the number of specified completions')
  if (indexes !== undefined) atMost(named, 'the number of indexes in the specified succeededIndexes field')
}

export function validateSuccessPolicy(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const rules = spec.successPolicy?.rules ?? []
  const where = path.child('rules')
  if (rules.length === 0) {
    const detail = 'at least one rules must be specified when the successPolicy is specified'
    errors.push(required(where, detail))
  }
  if (rules.length > maxRules) errors.push(tooMany(where, rules.length, maxRules))
  rules.forEach((rule, index) => {
    validateSuccessRule(rule, spec.completions ?? 0, where.index(index), errors)
  })
}
