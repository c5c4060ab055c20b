import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { invalidValue, type Where } from '../../../../apimachinery/field-errors.ts'

/** Checks of file paths inside volumes and containers, always with `/`. */
export function validateNoBacksteps(path: string, where: Where, errors: FieldError[]): void {
  if (path.split('/').includes('..')) errors.push(invalidValue(where, path, "must not contain '..'"))
}

export function validateDescendingPath(path: string, where: Where, errors: FieldError[]): void {
  if (path.startsWith('/')) errors.push(invalidValue(where, path, 'must be a relative path'))
  validateNoBacksteps(path, where, errors)
}

/** Names that start with `..` are the kubelet's own (`..data`). */
export function validateNonReservedPath(path: string, where: Where, errors: FieldError[]): void {
  validateDescendingPath(path, where, errors)
  if (path.startsWith('..') && !path.startsWith('../'))
    errors.push(invalidValue(where, path, "must not start with '..'"))
}
