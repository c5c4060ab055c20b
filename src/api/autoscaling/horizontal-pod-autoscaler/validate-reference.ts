import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { checkRequiredText } from '../../checks.ts'
import type { autoscaling } from '../../generated/types/index.ts'

type Reference = Partial<autoscaling.v2.CrossVersionObjectReference>

/** How well-formed a reference's apiVersion has to be. */
export type ApiVersionRule = 'group' | 'version' | 'anything'

export function apiVersionError({ apiVersion = '' }: Reference, rule: ApiVersionRule): string | undefined {
  if (rule === 'anything') return undefined
  const parts = apiVersion.split('/')
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`
  const group = parts.length === 2 ? parts[0] : ''
  return rule === 'group' && group === '' ? 'apiVersion must specify API group' : undefined
}

export function validateReference(
  reference: Reference = {},
  rule: ApiVersionRule,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkRequiredText(reference.kind, isPathSegmentName, path.child('kind'), errors)
  checkRequiredText(reference.name, isPathSegmentName, path.child('name'), errors)
  const error = apiVersionError(reference, rule)
  if (error !== undefined)
    errors.push(invalidValue(path.child('apiVersion'), reference.apiVersion ?? '', error))
}
