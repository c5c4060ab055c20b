import type { FieldError } from './field-error.ts'
import { fieldForbidden, invalidValue, required } from './field-errors.ts'
import type { FieldPath } from './field-path.ts'
import { isLabelValue, isQualifiedName } from './label-syntax.ts'
import type { LabelSelector, LabelSelectorRequirement } from './meta.ts'
import { validateLabels } from './object-meta-validation.ts'

export interface RequirementLeniency {
  /** For updates of objects that have such already. */
  readonly allowInvalidValues?: boolean
  /** For what newer clients may know. */
  readonly allowUnknownOperator?: boolean
}

/** What selectors by labels and by fields have in common: whether the operator goes with the values. */
export function validateOperator(
  { operator = '', values = [] }: Pick<LabelSelectorRequirement, 'operator' | 'values'>,
  path: FieldPath,
  { allowUnknownOperator = false }: RequirementLeniency,
  errors: FieldError[],
): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.push(required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      errors.push(fieldForbidden(path.child('values'), detail))
    }
  } else if (!allowUnknownOperator) {
    errors.push(invalidValue(path.child('operator'), operator, 'not a valid selector operator'))
  }
}

/** Upstream's ValidateLabelSelectorRequirement. */
export function validateLabelRequirement(
  requirement: LabelSelectorRequirement,
  path: FieldPath,
  leniency: RequirementLeniency,
  errors: FieldError[],
): void {
  const { key = '', values = [] } = requirement
  validateOperator(requirement, path, leniency, errors)
  for (const complaint of isQualifiedName(key)) errors.push(invalidValue(path.child('key'), key, complaint))
  if (leniency.allowInvalidValues) return
  values.forEach((value, index) => {
    for (const complaint of isLabelValue(value))
      errors.push(invalidValue(path.child('values').index(index), value, complaint))
  })
}

/** Upstream's ValidateLabelSelector. `allowInvalidValues` is for updates of objects that have such already. */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  path: FieldPath,
  errors: FieldError[],
  allowInvalidValues = false,
): void {
  if (selector === undefined) return
  validateLabels(selector.matchLabels, path.child('matchLabels'), errors)
  selector.matchExpressions?.forEach((requirement, index) => {
    const where = path.child('matchExpressions').index(index)
    validateLabelRequirement(requirement, where, { allowInvalidValues }, errors)
  })
}

/** Whether an expression holds a value that no label can have. */
export function hasInvalidLabelValue(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some((requirement) =>
    (requirement.values ?? []).some((value) => isLabelValue(value).length > 0),
  )
}
