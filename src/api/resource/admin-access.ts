import type { WriteContext } from '../../apimachinery/define-kind.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldForbidden, internalField } from '../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../apimachinery/field-path.ts'
import type { resource } from '../generated/types/index.ts'

type Results = readonly resource.v1.DeviceRequestAllocationResult[]

/** Says of a namespace that its claims may have devices that others use (KEP-5018). */
const label = 'resource.kubernetes.io/admin-access'

function validateNamespace(
  namespace: string,
  { namespaceLabels }: WriteContext,
  where: FieldPath,
  errors: FieldError[],
): void {
  if (namespaceLabels === undefined) return
  const labels = namespaceLabels(namespace)
  if (labels === undefined) {
    const why = `could not retrieve namespace to verify admin access: namespaces "${namespace}" not found`
    errors.push(internalField(where, why))
  } else if (labels[label] !== 'true') {
    const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`
    errors.push(fieldForbidden(where, detail))
  }
}

/** A new claim, or a template for claims, may ask for admin access in some namespaces only. */
export function validateAdminRequests(
  requests: readonly resource.v1.DeviceRequest[] | null | undefined,
  namespace: string,
  context: WriteContext,
  errors: FieldError[],
): void {
  const index = (requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true)
  if (index < 0) return
  const where = fieldPath('spec').child('devices').child('requests').index(index).child('adminAccess')
  validateNamespace(namespace, context, where, errors)
}

const grantOf = (results: Results): number => results.findIndex(({ adminAccess }) => adminAccess === true)

/** The same of what was allocated; what has been granted stays. */
export function validateAdminResults(
  results: Results = [],
  old: Results = [],
  namespace: string,
  context: WriteContext,
  errors: FieldError[],
): void {
  const index = grantOf(results)
  if (index < 0 || grantOf(old) >= 0) return
  const path = fieldPath('status').child('allocation').child('devices').child('results')
  validateNamespace(namespace, context, path.index(index).child('adminAccess'), errors)
}
