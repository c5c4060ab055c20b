import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { checkPresent } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { validateFieldReference, validateResourceReference, volumeFields } from './validate-environment.ts'
import { validateNonReservedPath } from './validate-paths.ts'

const fileModeMessage = 'must be a number between 0 and 0777 (octal), both inclusive'

export function validateFileMode(mode: number | undefined, where: FieldPath, errors: FieldError[]): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777))
    errors.push(invalidValue(where, mode, fileModeMessage))
}

export function validateKeyToPath(item: core.v1.KeyToPath, path: FieldPath, errors: FieldError[]): void {
  checkPresent(item.key, path, 'key', errors)
  checkPresent(item.path, path, 'path', errors)
  validateNonReservedPath(item.path ?? '', path.child('path'), errors)
  validateFileMode(item.mode, path.child('mode'), errors)
}

/** Upstream names no index of the file. */
export function validateDownwardFile(
  file: core.v1.DownwardAPIVolumeFile,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkPresent(file.path, path, 'path', errors)
  validateNonReservedPath(file.path ?? '', path.child('path'), errors)
  if (file.fieldRef !== undefined) {
    validateFieldReference(file.fieldRef, volumeFields, path.child('fieldRef'), errors)
    if (file.resourceFieldRef !== undefined) {
      const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      errors.push(invalidValue(path, 'resource', detail))
    }
  } else if (file.resourceFieldRef !== undefined)
    validateResourceReference(file.resourceFieldRef, path.child('resourceFieldRef'), true, errors)
  else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
  validateFileMode(file.mode, path.child('mode'), errors)
}
