import { DeviceSelectorCompiler } from '../../apimachinery/cel/index.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required, tooLong } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { utf8Length } from '../../apimachinery/utf8-length.ts'
import type { resource } from '../generated/types/index.ts'
import { validateItems } from './lists.ts'

const maxSelectors = 32
const maxExpressionBytes = 10 * 1024

/** Its environments never change: all clusters of a process may have the same. */
const compiler = new DeviceSelectorCompiler()

function validateExpression(text: string, stored: boolean, where: FieldPath, errors: FieldError[]): void {
  if (utf8Length(text) > maxExpressionBytes) {
    errors.push(tooLong(where, maxExpressionBytes))
    return
  }
  const compiled = compiler.compile(text, stored ? 'stored' : 'new')
  if ('error' in compiled) errors.push(invalidValue(where, text, compiled.error))
  else if (compiled.tooCostly) errors.push(fieldForbidden(where, 'too complex, exceeds cost limit'))
}

/** `stored`: they are as they were, and may use whatever expressions always could. */
export const validateDeviceSelectors = (
  selectors: readonly Partial<resource.v1.DeviceSelector>[] | undefined,
  path: FieldPath,
  errors: FieldError[],
  stored = false,
): void => {
  validateItems(
    selectors ?? [],
    maxSelectors,
    ({ cel }, where, list) => {
      if (cel === undefined) list.push(required(where.child('cel')))
      else validateExpression(cel.expression ?? '', stored, where.child('cel').child('expression'), list)
    },
    path,
    errors,
  )
}
