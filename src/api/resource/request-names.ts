import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { checkLabelName } from '../checks.ts'
import type { resource } from '../generated/types/index.ts'
import { validateDistinct } from './lists.ts'

export const maxRequests = 32

const message =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

/** The names by which a claim's requests can be referred to: `request` and `request/subrequest`. */
export function requestNamesOf(
  claim: Partial<resource.v1.DeviceClaim> | undefined,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    (claim?.requests ?? []).map(({ name, firstAvailable = [] }) => [
      name ?? '',
      new Set(firstAvailable.map((sub) => sub.name ?? '')),
    ]),
  )
}

export type RequestNames = ReturnType<typeof requestNamesOf>

export function validateRequestReference(
  text: string,
  names: RequestNames,
  where: FieldPath,
  errors: FieldError[],
): void {
  const [request = '', sub, ...more] = text.split('/')
  if (more.length > 0) {
    errors.push(invalidValue(where, text, message))
    return
  }
  checkLabelName(request, where, errors)
  if (sub !== undefined) checkLabelName(sub, where, errors)
  const known = names.get(request)
  if (known === undefined || (sub !== undefined && !known.has(sub)))
    errors.push(invalidValue(where, text, message))
}

export const validateRequestReferences = (
  requests: readonly string[] | undefined,
  names: RequestNames,
  path: FieldPath,
  errors: FieldError[],
): void =>
  validateDistinct(
    requests ?? [],
    maxRequests,
    (name, where, list) => validateRequestReference(name, names, where, list),
    (name) => name,
    path.child('requests'),
    errors,
  )
