import type { FieldError, FieldErrorReason } from './field-error.ts'
import type { FieldPath } from './field-path.ts'
import { goIndentedJson, goJson, goQuote } from './go-text.ts'
import { lineDifference } from './line-difference.ts'

/** Where a field error is: a path, or its text. */
export type Where = FieldPath | string

function fieldError(reason: FieldErrorReason, where: Where, what: string, detail: string): FieldError {
  return { reason, field: String(where), message: detail === '' ? what : `${what}: ${detail}` }
}

/** An error whose message shows a value, between `what` and the detail. */
function showing(
  reason: FieldErrorReason,
  where: Where,
  what: string,
  value: unknown,
  detail: string,
): FieldError {
  const before = `${what}: `
  const after = detail === '' ? '' : `: ${detail}`
  const text = typeof value === 'string' ? goQuote(value) : goJson(value)
  const error = { reason, field: String(where), message: before + text + after }
  return typeof value === 'object' && value !== null ? { ...error, shown: { before, value, after } } : error
}

/** The constructors of upstream's `field` package (apimachinery/pkg/util/validation/field), with its texts. */
export const required = (where: Where, detail = ''): FieldError =>
  fieldError('FieldValueRequired', where, 'Required value', detail)

export const invalidValue = (where: Where, value: unknown, detail: string): FieldError =>
  showing('FieldValueInvalid', where, 'Invalid value', value, detail)

/** As invalidValue, for a value of the wrong type. */
export const typeInvalid = (where: Where, value: unknown, detail: string): FieldError =>
  showing('FieldValueTypeInvalid', where, 'Invalid value', value, detail)

/** As invalidValue, without showing the value. */
export const invalidField = (where: Where, detail: string): FieldError =>
  fieldError('FieldValueInvalid', where, 'Invalid value', detail)

export const notSupported = (where: Where, value: unknown, supported: readonly string[]): FieldError =>
  showing(
    'FieldValueNotSupported',
    where,
    'Unsupported value',
    value,
    supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`,
  )

export const duplicate = (where: Where, value: unknown): FieldError =>
  showing('FieldValueDuplicate', where, 'Duplicate value', value, '')

export const fieldNotFound = (where: Where, value: unknown): FieldError =>
  showing('FieldValueNotFound', where, 'Not found', value, '')

export const fieldForbidden = (where: Where, detail: string): FieldError =>
  fieldError('FieldValueForbidden', where, 'Forbidden', detail)

/** As fieldForbidden, with the difference between what is there and what would be. */
export function forbiddenChange(
  where: Where,
  detail: string,
  value: object,
  next: object,
  struct?: string,
): FieldError {
  const before = `Forbidden: ${detail}\n`
  const message = before + lineDifference(goIndentedJson(value), goIndentedJson(next))
  const shown = { before, value, next, after: '', ...(struct === undefined ? {} : { struct }) }
  return { reason: 'FieldValueForbidden', field: String(where), message, shown }
}

/** Something that is not the value's fault. */
export const internalField = (where: Where, detail: string): FieldError =>
  fieldError('InternalError', where, 'Internal error', detail)

export const tooLong = (where: Where, maxBytes: number): FieldError =>
  fieldError(
    'FieldValueTooLong',
    where,
    'Too long',
    `may not be more than ${maxBytes} ${plural('byte', maxBytes)}`,
  )

export const tooMany = (where: Where, actual: number, max: number): FieldError =>
  fieldError(
    'FieldValueTooMany',
    where,
    `Too many: ${actual}`,
    `must have at most ${max} ${plural('item', max)}`,
  )

/** The message of every immutable field. */
export const immutableMessage = 'field is immutable'

function plural(unit: string, count: number): string {
  return count === 1 ? unit : `${unit}s`
}
