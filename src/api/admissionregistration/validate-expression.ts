import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'

/**
 * Every expression of policies and match conditions passes here: there is one, and `complaint` has nothing to say.
 * `missing` is what is said where there is none.
 */
export function validateExpression(
  expression: string | undefined,
  where: FieldPath,
  errors: FieldError[],
  complaint: (text: string) => string | undefined,
  missing = '',
): void {
  const text = expression ?? ''
  if (text.trim() === '') {
    errors.push(required(where, missing))
    return
  }
  const detail = complaint(text)
  if (detail !== undefined) errors.push(invalidValue(where, text, detail))
}
