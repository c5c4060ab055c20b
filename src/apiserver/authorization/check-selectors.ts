import type { authorization } from '../../api/generated/types/index.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../apimachinery/field-path.ts'
import { validateLabelRequirement, validateOperator } from '../../apimachinery/label-selector-validation.ts'

type Selector = authorization.v1.FieldSelectorAttributes | authorization.v1.LabelSelectorAttributes
type Requirement = NonNullable<Selector['requirements']>[number]

/** Clients may know operators that this server does not: those are left out when it decides. */
const leniency = { allowUnknownOperator: true }

function checkField(requirement: Requirement, path: FieldPath, errors: FieldError[]): void {
  if (!requirement.key) errors.push(required(path.child('key'), 'must be specified'))
  validateOperator(requirement, path, leniency, errors)
}

const checkLabel = (requirement: Requirement, path: FieldPath, errors: FieldError[]): void =>
  validateLabelRequirement(requirement, path, leniency, errors)

function checkSelector(
  selector: Selector | undefined,
  path: FieldPath,
  check: typeof checkField,
): readonly FieldError[] {
  if (selector === undefined) return []
  const errors: FieldError[] = []
  const { rawSelector = '', requirements = [] } = selector
  if (rawSelector !== '' && requirements.length > 0) {
    const detail = 'may not specified at the same time as requirements'
    errors.push(invalidValue(path.child('rawSelector'), rawSelector, detail))
  }
  if (rawSelector === '' && requirements.length === 0) {
    const detail = `when ${path} is specified, requirements or rawSelector is required`
    errors.push(required(path.child('requirements'), detail))
  }
  requirements.forEach((requirement, index) => {
    check(requirement, path.child('requirements').index(index), errors)
  })
  return errors
}

/** What is wrong with the selectors of a review. */
export function checkSelectors(
  attributes: authorization.v1.ResourceAttributes | undefined,
): readonly FieldError[] {
  const path = fieldPath('spec').child('resourceAttributes')
  return [
    ...checkSelector(attributes?.fieldSelector, path.child('fieldSelector'), checkField),
    ...checkSelector(attributes?.labelSelector, path.child('labelSelector'), checkLabel),
  ]
}
