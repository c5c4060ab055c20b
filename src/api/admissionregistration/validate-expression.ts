import type { FieldError } from '../../apimachinery/field-error.ts'
import { required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'

/**
 * Every expression of policies and match conditions passes here. That there is one is checked; who evaluates them
 * compiles them. `missing` is what is said where there is none.
 */
export function validateExpression(
  expression: string | undefined,
  where: FieldPath,
  errors: FieldError[],
  missing = '',
): void {
  if ((expression ?? '').trim() === '') errors.push(required(where, missing))
}
