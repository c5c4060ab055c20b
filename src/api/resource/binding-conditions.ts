import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, invalidValue } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { validateItems } from './lists.ts'
import { validateLabelKey } from './names.ts'

const maxConditions = 4

interface Binding {
  readonly bindingConditions?: readonly string[]
  readonly bindingFailureConditions?: readonly string[]
}

function checkDistinct(values: readonly string[], path: FieldPath, errors: FieldError[]): void {
  values.forEach((value, index) => {
    if (values.indexOf(value) < index) errors.push(duplicate(path.index(index), value))
  })
}

/** What must become true before pods are bound, and what ends the wait: each comes with the other. */
export function validateBindingConditions(binding: Binding, path: FieldPath, errors: FieldError[]): void {
  const { bindingConditions: wanted = [], bindingFailureConditions: failures = [] } = binding
  const wantedPath = path.child('bindingConditions')
  const failuresPath = path.child('bindingFailureConditions')
  validateItems(wanted, maxConditions, validateLabelKey, wantedPath, errors)
  validateItems(failures, maxConditions, validateLabelKey, failuresPath, errors)
  checkDistinct(wanted, wantedPath, errors)
  checkDistinct(failures, failuresPath, errors)
  failures.forEach((condition, index) => {
    if (!wanted.includes(condition)) return
    const detail = 'bindingFailureConditions must not overlap with bindingConditions'
    errors.push(invalidValue(failuresPath.index(index), condition, detail))
  })
  if (wanted.length === 0 && failures.length > 0) {
    const detail = 'bindingConditions are required to use bindingFailureConditions'
    errors.push(invalidValue(wantedPath, binding.bindingConditions ?? null, detail))
  }
  if (failures.length === 0 && wanted.length > 0) {
    const detail = 'bindingFailureConditions are required to use bindingConditions'
    errors.push(invalidValue(failuresPath, binding.bindingFailureConditions ?? null, detail))
  }
}
