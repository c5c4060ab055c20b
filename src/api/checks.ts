import type { FieldError } from '../apimachinery/field-error.ts'
import { invalidValue, notSupported, required, type Where } from '../apimachinery/field-errors.ts'
import type { FieldPath } from '../apimachinery/field-path.ts'
import { type Complaints, isDns1123Label } from '../apimachinery/names.ts'
import { compareQuantities, quantityUnits } from '../apimachinery/quantity.ts'

/** Small checks that validations share; each appends what is wrong to `errors`. */

export function checkText(
  value: string,
  complaints: (value: string) => Complaints,
  where: Where,
  errors: FieldError[],
): void {
  for (const complaint of complaints(value)) errors.push(invalidValue(where, value, complaint))
}

/** Required, then checked. */
export function checkRequiredText(
  value: string | undefined,
  complaints: (value: string) => Complaints,
  where: Where,
  errors: FieldError[],
): void {
  if (value === undefined || value === '') errors.push(required(where))
  else checkText(value, complaints, where, errors)
}

export const checkLabelName = (value: string, where: Where, errors: FieldError[]): void =>
  checkText(value, isDns1123Label, where, errors)

export function checkPresent(
  value: string | undefined,
  path: FieldPath,
  field: string,
  errors: FieldError[],
): void {
  if (value === undefined || value === '') errors.push(required(path.child(field)))
}

export const negativeMessage = 'must be greater than or equal to 0'
export const notPositiveMessage = 'must be greater than 0'

export function checkNonNegative(value: number | undefined, where: Where, errors: FieldError[]): void {
  if (value !== undefined && value < 0) errors.push(invalidValue(where, value, negativeMessage))
}

export function checkPositive(value: number | undefined, where: Where, errors: FieldError[]): void {
  if ((value ?? 0) <= 0) errors.push(invalidValue(where, value ?? 0, notPositiveMessage))
}

export function checkNonNegativeQuantity(value: string, where: Where, errors: FieldError[]): void {
  if (compareQuantities(value, '0') < 0) errors.push(invalidValue(where, value, negativeMessage))
}

/** Upstream's validateBasicResource. */
export function checkValidQuantity(value: string, where: Where, errors: FieldError[]): void {
  if (compareQuantities(value, '0') < 0)
    errors.push(invalidValue(where, quantityUnits(value), 'must be a valid resource quantity'))
}

export function checkPositiveQuantity(value: string, where: Where, errors: FieldError[]): void {
  if (compareQuantities(value, '0') <= 0) errors.push(invalidValue(where, value, notPositiveMessage))
}

/** One of `supported`; an empty value is missing. */
export function checkRequiredChoice(
  value: string | undefined,
  supported: readonly string[],
  where: Where,
  errors: FieldError[],
): void {
  if (value === undefined || value === '') errors.push(required(where))
  else checkChoice(value, supported, where, errors)
}

/** As `checkRequiredChoice` for a pointer in Go, where an empty text is a wrong choice. */
export function checkPresentChoice(
  value: string | undefined,
  supported: readonly string[],
  where: Where,
  errors: FieldError[],
): void {
  if (value === undefined) errors.push(required(where))
  else checkChoice(value, supported, where, errors)
}

export function checkChoice(
  value: string,
  supported: readonly string[],
  where: Where,
  errors: FieldError[],
): void {
  if (!supported.includes(value)) errors.push(notSupported(where, value, supported))
}
