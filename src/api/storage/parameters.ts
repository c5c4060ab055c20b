import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, required, tooLong } from '../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../apimachinery/label-syntax.ts'
import type { StringMap } from '../../apimachinery/meta.ts'
import { utf8Length } from '../../apimachinery/utf8-length.ts'
import { checkText } from '../checks.ts'

/** What classes of volumes and of their attributes hand on to drivers. */
const maxParameters = 512
export const maxMapBytes = 256 * 1024

/** Keys and values together. */
export const mapBytes = (map: StringMap): number =>
  Object.entries(map).reduce((sum, [key, value]) => sum + utf8Length(key) + utf8Length(value), 0)

export function validateParameters(parameters: StringMap = {}, path: FieldPath, errors: FieldError[]): void {
  if (Object.keys(parameters).length > maxParameters) {
    errors.push(tooLong(path, maxParameters))
    return
  }
  if ('' in parameters) errors.push(invalidValue(path, '', 'field can not be empty.'))
  if (mapBytes(parameters) > maxMapBytes) errors.push(tooLong(path, maxMapBytes))
}

export function validateDriver(name: string, field: string, errors: FieldError[]): void {
  const path = fieldPath(field)
  if (name === '') errors.push(required(path))
  else checkText(name.toLowerCase(), isQualifiedName, path, errors)
}
