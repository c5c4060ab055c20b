import type { FieldError } from '../../apimachinery/field-error.ts'
import { required, tooLong } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { utf8Length } from '../../apimachinery/utf8-length.ts'
import type { resource } from '../generated/types/index.ts'
import { validateItems } from './lists.ts'

const maxSelectors = 32
const maxExpressionBytes = 10 * 1024

/** Expressions are held to their length here; who evaluates them compiles them. */
function validateSelector(
  { cel }: Partial<resource.v1.DeviceSelector>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const where = path.child('cel')
  if (cel === undefined) errors.push(required(where))
  else if (utf8Length(cel.expression ?? '') > maxExpressionBytes)
    errors.push(tooLong(where.child('expression'), maxExpressionBytes))
}

export const validateDeviceSelectors = (
  selectors: readonly Partial<resource.v1.DeviceSelector>[] | undefined,
  path: FieldPath,
  errors: FieldError[],
): void => {
  validateItems(selectors ?? [], maxSelectors, validateSelector, path, errors)
}
