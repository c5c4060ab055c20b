import type { FieldError } from './field-error.ts'

/** Go's `errors.NewAggregate(…).Error()`: the same text once. */
export function aggregate(errors: readonly string[]): string {
  const unique = [...new Set(errors)]
  return unique.length <= 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`
}

/** Go's `field.ErrorList.ToAggregate().Error()`. */
export const aggregateFields = (errors: readonly FieldError[]): string =>
  aggregate(errors.map(({ field, message }) => `${field}: ${message}`))
