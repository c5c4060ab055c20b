import type { FieldError } from './field-error.ts'
import { invalidValue, required } from './field-errors.ts'
import type { FieldPath } from './field-path.ts'
import { formatComplaint, isDns1123Subdomain } from './names.ts'

const pathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const pathPattern = new RegExp(`^${pathFormat}$`)

/** A name under somebody's domain: `acme.io/foo`. */
export function validateDomainPath(value: string, where: FieldPath, errors: FieldError[]): void {
  if (value === '') {
    errors.push(required(where))
    return
  }
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1) {
    errors.push(invalidValue(where, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    return
  }
  const domain = value.slice(0, slash)
  const path = value.slice(slash + 1)
  for (const complaint of isDns1123Subdomain(domain)) errors.push(invalidValue(where, domain, complaint))
  if (!pathPattern.test(path))
    errors.push(invalidValue(where, path, formatComplaint('Invalid path', pathFormat)))
}
