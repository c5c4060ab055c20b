import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, required, tooLong } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { goJson } from '../../apimachinery/go-text.ts'
import { utf8Length } from '../../apimachinery/utf8-length.ts'
import type { resource } from '../generated/types/index.ts'
import { validateDriverName } from './names.ts'

const maxParametersBytes = 10 * 1024

/** Data of any form that must be a JSON object of bounded size; `stored` data may be larger. */
export function validateRawObject(
  value: unknown,
  stored: boolean,
  maxBytes: number,
  where: FieldPath,
  errors: FieldError[],
): void {
  if (value === undefined || value === null) errors.push(required(where))
  else if (!stored && utf8Length(goJson(value)) > maxBytes) errors.push(tooLong(where, maxBytes))
  else if (typeof value !== 'object' || Array.isArray(value))
    errors.push(invalidValue(where, '<value omitted>', 'must be a valid JSON object'))
}

/** What a driver is told: parameters that only it understands. */
export function validateDeviceConfiguration(
  { opaque }: { readonly opaque?: Partial<resource.v1.OpaqueDeviceConfiguration> },
  stored: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  const where = path.child('opaque')
  if (opaque === undefined) {
    errors.push(required(where))
    return
  }
  validateDriverName(opaque.driver, where.child('driver'), errors)
  validateRawObject(opaque.parameters, stored, maxParametersBytes, where.child('parameters'), errors)
}
