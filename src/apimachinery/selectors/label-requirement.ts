import type { FieldError } from '../field-error.ts'
import { invalidValue, notSupported } from '../field-errors.ts'
import { isLabelValue, isQualifiedName } from '../label-syntax.ts'
import type { StringMap } from '../meta.ts'

/** Upstream's operators (apimachinery/pkg/selection); `exists` and `!` take no value. */
export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'gt' | 'lt' | 'exists' | '!'

const labelOperators: readonly LabelOperator[] = ['in', 'notin', '=', '==', '!=', 'gt', 'lt', 'exists', '!']

export interface LabelRequirement {
  readonly key: string
  readonly operator: LabelOperator
  readonly values: readonly string[]
}

const integer = /^[+-]?\d+$/

function validateValueCount(requirement: LabelRequirement, errors: FieldError[]): void {
  const { operator, values } = requirement
  const complain = (detail: string): void => {
    errors.push(invalidValue('values', values, detail))
  }
  switch (operator) {
    case 'in':
    case 'notin':
      if (values.length === 0) complain("for 'in', 'notin' operators, values set can't be empty")
      return
    case '=':
    case '==':
    case '!=':
      if (values.length !== 1) complain('exact-match compatibility requires one single value')
      return
    case 'exists':
    case '!':
      if (values.length !== 0) complain('values set must be empty for exists and does not exist')
      return
    case 'gt':
    case 'lt':
      if (values.length !== 1) complain("for 'Gt', 'Lt' operators, exactly one value is required")
      values.forEach((value, index) => {
        if (!integer.test(value)) {
          const detail = "for 'Gt', 'Lt' operators, the value must be an integer"
          errors.push(invalidValue(`values[${index}]`, value, detail))
        }
      })
      return
    default:
      errors.push(notSupported('operator', operator, labelOperators))
  }
}

/** What upstream's `labels.NewRequirement` refuses; fields are `key`, `operator`, `values[0][key]`. */
export function requirementErrors(requirement: LabelRequirement): readonly FieldError[] {
  const errors: FieldError[] = []
  const complaints = isQualifiedName(requirement.key)
  if (complaints.length > 0) errors.push(invalidValue('key', requirement.key, complaints.join('; ')))
  validateValueCount(requirement, errors)
  requirement.values.forEach((value, index) => {
    const wrong = isLabelValue(value)
    if (wrong.length > 0)
      errors.push(invalidValue(`values[${index}][${requirement.key}]`, value, wrong.join('; ')))
  })
  return errors
}

/** Go's ParseInt; undefined outside int64 or for anything but digits. */
function int64(text: string): bigint | undefined {
  if (!integer.test(text)) return undefined
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : undefined
}

function compares(requirement: LabelRequirement, label: string): boolean {
  const left = int64(label)
  const right = int64(requirement.values[0] ?? '')
  if (left === undefined || right === undefined || requirement.values.length !== 1) return false
  return requirement.operator === 'gt' ? left > right : left < right
}

export function matchesRequirement(requirement: LabelRequirement, labels: StringMap | undefined): boolean {
  const value =
    labels !== undefined && Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  switch (requirement.operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && requirement.values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !requirement.values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
    case 'lt':
      return value !== undefined && compares(requirement, value)
  }
}

export function formatRequirement({ key, operator, values }: LabelRequirement): string {
  const list = [...values].sort().join(',')
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`
    case 'gt':
      return `${key}>${list}`
    case 'lt':
      return `${key}<${list}`
    default:
      return `${key}${operator}${list}`
  }
}
