import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { goQuote } from '../../../../apimachinery/go-text.ts'
import { validateLabelSelector } from '../../../../apimachinery/label-selector-validation.ts'
import { isLabelValue, isQualifiedName } from '../../../../apimachinery/label-syntax.ts'
import { semanticallyEqual } from '../../../../apimachinery/semantically-equal.ts'
import { checkChoice, checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { isDecimalInteger } from '../tolerations.ts'
import type { PodRules } from './pod-rules.ts'
import { validateMatchLabelKeys } from './validate-affinity.ts'

export const taintEffects: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

function checkAboveZero(value: number, where: FieldPath, errors: FieldError[]): void {
  if (value <= 0) errors.push(invalidValue(where, value, 'must be greater than zero'))
}

/** As a person writes it: no sign but a minus, no leading zeros. */
function validateCompared(value: string, where: FieldPath, errors: FieldError[]): void {
  if (value === '') errors.push(invalidValue(where, value, 'must be non-empty'))
  else if (!isDecimalInteger(value))
    errors.push(invalidValue(where, value, 'must be a valid decimal integer in canonical form'))
  const problem = int64Problem(value)
  if (problem !== undefined)
    errors.push(invalidValue(where, value, `strconv.ParseInt: parsing ${goQuote(value)}: ${problem}`))
}

function int64Problem(value: string): string | undefined {
  if (!/^[+-]?\d+$/.test(value)) return 'invalid syntax'
  return BigInt.asIntN(64, BigInt(value)) === BigInt(value) ? undefined : 'value out of range'
}

function validateToleration(
  toleration: core.v1.Toleration,
  rules: Pick<PodRules, 'comparesTaints'>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { key = '', operator = '', value = '', effect = '' } = toleration
  if (key !== '') checkText(key, isQualifiedName, path.child('key'), errors)
  const where = path.child('operator')
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.push(invalidValue(where, operator, detail))
  }
  if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
    errors.push(invalidValue(path.child('effect'), effect, detail))
  }
  if (operator === '' || operator === 'Equal') {
    const complaints = isLabelValue(value)
    if (complaints.length > 0) errors.push(invalidValue(where, value, complaints.join(';')))
  } else if (operator === 'Exists') {
    if (value !== '')
      errors.push(invalidValue(where, value, "value must be empty when `operator` is 'Exists'"))
  } else if (operator === 'Lt' || operator === 'Gt') {
    if (rules.comparesTaints) validateCompared(value, path.child('value'), errors)
    else errors.push(notSupported(where, operator, ['Equal', 'Exists', 'Lt', 'Gt']))
  } else errors.push(notSupported(where, operator, ['Equal', 'Exists']))
  if (effect !== '') checkChoice(effect, taintEffects, path.child('effect'), errors)
}

export function validateTolerations(
  tolerations: readonly core.v1.Toleration[],
  rules: Pick<PodRules, 'comparesTaints'>,
  path: FieldPath,
  errors: FieldError[],
): void {
  tolerations.forEach((toleration, index) => {
    validateToleration(toleration, rules, path.index(index), errors)
  })
}

/** A pod's tolerations may be added to, and their seconds may change. */
export function validateAddedTolerations(
  tolerations: readonly core.v1.Toleration[],
  old: readonly core.v1.Toleration[],
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const withoutSeconds = ({ tolerationSeconds: _any, ...rest }: core.v1.Toleration): object => rest
  const kept = tolerations.map(withoutSeconds)
  for (const toleration of old) {
    const wanted = withoutSeconds(toleration)
    if (kept.some((candidate) => semanticallyEqual(candidate, wanted))) continue
    const detail = 'existing toleration can not be modified except its tolerationSeconds'
    errors.push(fieldForbidden(path, detail))
    return
  }
  validateTolerations(tolerations, rules, path, errors)
}

export function validateSchedulingGates(
  gates: readonly core.v1.PodSchedulingGate[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const seen = new Set<string>()
  gates.forEach(({ name = '' }, index) => {
    checkText(name, isQualifiedName, path.index(index), errors)
    if (seen.has(name)) errors.push(duplicate(path.index(index), name))
    seen.add(name)
  })
}

export function validateDeletedGates(
  gates: readonly core.v1.PodSchedulingGate[],
  old: readonly core.v1.PodSchedulingGate[],
  path: FieldPath,
  errors: FieldError[],
): void {
  gates.forEach(({ name }, index) => {
    if (old.some((gate) => gate.name === name)) return
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`
    errors.push(fieldForbidden(path.index(index).child('name'), detail))
  })
}

const spreadActions = ['DoNotSchedule', 'ScheduleAnyway']
const nodePolicies = ['Honor', 'Ignore']

function validateSpread(
  constraint: core.v1.TopologySpreadConstraint,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkAboveZero(constraint.maxSkew ?? 0, path.child('maxSkew'), errors)
  if ((constraint.topologyKey ?? '') === '')
    errors.push(required(path.child('topologyKey'), 'can not be empty'))
  checkChoice(constraint.whenUnsatisfiable ?? '', spreadActions, path.child('whenUnsatisfiable'), errors)
}

function validateSpreadDetails(
  constraint: core.v1.TopologySpreadConstraint,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { minDomains, whenUnsatisfiable = '', labelSelector } = constraint
  if (minDomains !== undefined) {
    const where = path.child('minDomains')
    checkAboveZero(minDomains, where, errors)
    if (whenUnsatisfiable !== 'DoNotSchedule') {
      const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
      errors.push(invalidValue(where, minDomains, detail))
    }
  }
  for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
    const policy = constraint[field]
    if (policy !== undefined) checkChoice(policy, nodePolicies, path.child(field), errors)
  }
  validateMatchLabelKeys(constraint.matchLabelKeys ?? [], [], labelSelector, path, errors)
  validateLabelSelector(labelSelector, path.child('labelSelector'), errors)
}

export function validateSpreadConstraints(
  constraints: readonly core.v1.TopologySpreadConstraint[],
  path: FieldPath,
  errors: FieldError[],
): void {
  constraints.forEach((constraint, index) => {
    const where = path.index(index)
    validateSpread(constraint, where, errors)
    const { topologyKey, whenUnsatisfiable } = constraint
    const repeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)
    if (repeated) {
      const pair = `{${topologyKey ?? ''}, ${whenUnsatisfiable ?? ''}}`
      errors.push(duplicate(where.child('{topologyKey, whenUnsatisfiable}'), pair))
    }
    validateSpreadDetails(constraint, where, errors)
  })
}
