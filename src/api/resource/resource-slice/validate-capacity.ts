import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { addQuantities, compareQuantities, quantityUnits } from '../../../apimachinery/quantity.ts'
import type { resource } from '../../generated/types/index.ts'
import { validateDistinct } from '../lists.ts'

type Policy = resource.v1.CapacityRequestPolicy
type Range = Partial<resource.v1.CapacityRequestPolicyRange>

const maxValues = 10

function validateValues(
  fallback: string,
  capacity: string,
  values: readonly string[],
  path: FieldPath,
  errors: FieldError[],
): void {
  values.slice(1).forEach((value, index) => {
    if (compareQuantities(values[index] ?? '0', value) > 0)
      errors.push(invalidValue(path.index(index + 1), value, 'values must be sorted in ascending order'))
  })
  validateDistinct(
    values,
    maxValues,
    (value, where, list) => {
      if (compareQuantities(value, capacity) > 0)
        list.push(invalidValue(where, value, `option is larger than capacity value: ${capacity}`))
    },
    (value) => String(quantityUnits(value)),
    path,
    errors,
  )
  const known = values.length <= maxValues && values.some((value) => compareQuantities(value, fallback) === 0)
  if (!known)
    errors.push(invalidValue(path, fallback, 'default value is not valid according to the requestPolicy'))
}

function validateStep(value: string, min: string, step: string, path: FieldPath, errors: FieldError[]): void {
  const units = quantityUnits(step)
  if (units !== 0 && (quantityUnits(value) - quantityUnits(min)) % units === 0) return
  errors.push(invalidValue(path, value, `value is not a multiple of a given step (${step}) from (${min})`))
}

function validateMax(
  fallback: string,
  capacity: string,
  min: string,
  max: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (compareQuantities(min, max) > 0) errors.push(invalidValue(path, min, `min is larger than max: ${max}`))
  if (compareQuantities(max, capacity) > 0)
    errors.push(invalidValue(path, max, `max is larger than capacity value: ${capacity}`))
  if (compareQuantities(fallback, max) > 0)
    errors.push(invalidValue(path, fallback, `default is more than max: ${max}`))
}

function validateRange(
  fallback: string,
  capacity: string,
  { min, max, step }: Range,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (min === undefined) {
    errors.push(required(path.child('min'), 'required when validRange is defined'))
    return
  }
  if (compareQuantities(min, capacity) > 0)
    errors.push(invalidValue(path.child('min'), min, `min is larger than capacity value: ${capacity}`))
  if (compareQuantities(fallback, min) < 0)
    errors.push(invalidValue(path.child('min'), fallback, `default is less than min: ${min}`))
  if (max !== undefined) validateMax(fallback, capacity, min, max, path.child('max'), errors)
  if (step === undefined) return
  const where = path.child('step')
  const one = addQuantities(min, step)
  if (compareQuantities(one, capacity) > 0)
    errors.push(invalidValue(where, step, `one step ${one} is larger than capacity value: ${capacity}`))
  validateStep(fallback, min, step, where, errors)
  if (max !== undefined) validateStep(max, min, step, where, errors)
}

function validatePolicy(policy: Policy, capacity: string, path: FieldPath, errors: FieldError[]): void {
  const { default: fallback, validValues = [], validRange } = policy
  if (validValues.length > 0 && validRange !== undefined) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
    errors.push(fieldForbidden(path, detail))
    return
  }
  const which = validValues.length > 0 ? 'validValues' : validRange === undefined ? undefined : 'validRange'
  if (which === undefined) return
  if (!fallback) errors.push(required(path.child('default'), `required when ${which} is defined`))
  else if (validRange === undefined)
    validateValues(fallback, capacity, validValues, path.child('validValues'), errors)
  else validateRange(fallback, capacity, validRange, path.child('validRange'), errors)
}

/** How much of a device there is, and which parts of it can be asked for where several may share it. */
export function validateDeviceCapacity(
  { value = '0', requestPolicy }: Partial<resource.v1.DeviceCapacity>,
  isShared: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (requestPolicy === undefined) return
  const where = path.child('requestPolicy')
  if (isShared) validatePolicy(requestPolicy, value, where, errors)
  else errors.push(fieldForbidden(where, 'allowMultipleAllocations must be true'))
}
