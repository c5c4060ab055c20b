import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { isPortName, isPortNumber } from '../../../apimachinery/label-syntax.ts'
import { isDns1123Label, isDns1123Subdomain, isPathSegmentName } from '../../../apimachinery/names.ts'
import { checkRequiredText, checkText } from '../../checks.ts'
import type { networking } from '../../generated/types/index.ts'

/** A reference by group, kind and name to something that the API server need not know. */
export function validateTypedReference(
  reference: { readonly apiGroup?: string | null; readonly kind: string; readonly name: string },
  path: FieldPath,
  errors: FieldError[],
): void {
  const { apiGroup } = reference
  if (typeof apiGroup === 'string') checkText(apiGroup, isDns1123Subdomain, path.child('apiGroup'), errors)
  checkRequiredText(reference.kind, isPathSegmentName, path.child('kind'), errors)
  checkRequiredText(reference.name, isPathSegmentName, path.child('name'), errors)
}

function validateService(
  service: networking.v1.IngressServiceBackend,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { name = '', number = 0 } = service.port ?? {}
  const where = path.child('service')
  checkRequiredText(service.name, isDns1123Label, where.child('name'), errors)
  if (name !== '' && number !== 0)
    errors.push(invalidValue(path, '', 'cannot set both port name & port number'))
  else if (name !== '') checkText(name, isPortName, where.child('port').child('name'), errors)
  else if (number === 0) errors.push(required(path, 'port name or number is required'))
  else
    for (const complaint of isPortNumber(number))
      errors.push(invalidValue(where.child('port').child('number'), number, complaint))
}

export function validateBackend(
  { resource, service }: networking.v1.IngressBackend,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (resource !== undefined && service !== undefined)
    errors.push(invalidValue(path, '', 'cannot set both resource and service backends'))
  else if (resource !== undefined) validateTypedReference(resource, path.child('resource'), errors)
  else if (service !== undefined) validateService(service, path, errors)
  else errors.push(invalidValue(path, '', 'resource or service backend is required'))
}
