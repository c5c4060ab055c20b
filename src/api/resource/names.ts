import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, required, tooLong } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { isLabelValue, isQualifiedName } from '../../apimachinery/label-syntax.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../apimachinery/names.ts'
import { utf8Length } from '../../apimachinery/utf8-length.ts'
import { checkText } from '../checks.ts'
import { validateCsiDriverName } from '../core/pod/validation/validate-volumes.ts'

const maxPoolNameBytes = 253
const maxIdentifierBytes = 32
const identifierFormat = '[A-Za-z_][A-Za-z0-9_]*'
const identifier = new RegExp(`^${identifierFormat}$`)

/** Names of drivers, pools, devices and attributes, as upstream checks them. */
export const validateDriverName = validateCsiDriverName

export function validatePoolName(name: string, where: FieldPath, errors: FieldError[]): void {
  if (name === '') {
    errors.push(required(where))
    return
  }
  if (utf8Length(name) > maxPoolNameBytes) errors.push(tooLong(where, maxPoolNameBytes))
  for (const part of name.split('/'))
    for (const complaint of isDns1123Subdomain(part)) errors.push(invalidValue(where, part, complaint))
}

export const validateDeviceName = (name: string, where: FieldPath, errors: FieldError[]): void =>
  checkText(name, isDns1123Label, where, errors)

export const validateLabelKey = (key: string, where: FieldPath, errors: FieldError[]): void =>
  checkText(key, isQualifiedName, where, errors)

export const validateLabelText = (value: string, where: FieldPath, errors: FieldError[]): void =>
  checkText(value, isLabelValue, where, errors)

function validateIdentifier(id: string, where: FieldPath, errors: FieldError[]): void {
  if (utf8Length(id) > maxIdentifierBytes) errors.push(tooLong(where, maxIdentifierBytes))
  if (identifier.test(id)) return
  const message =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
  const detail = `${message} (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '${identifierFormat}')`
  errors.push(invalidValue(where, id, detail))
}

/** `name` or `domain/name`. */
export function validateAttributeName(name: string, where: FieldPath, errors: FieldError[]): void {
  const parts = name.split('/')
  const [domain = '', id = ''] = parts
  if (parts.length === 1) validateIdentifier(name, where, errors)
  else if (parts.length === 2) {
    if (domain === '') errors.push(invalidValue(where, '', 'the domain must not be empty'))
    else validateDriverName(domain, where, errors)
    if (id === '') errors.push(invalidValue(where, '', 'the name must not be empty'))
    else validateIdentifier(id, where, errors)
  }
}

export function validateFullAttributeName(name: string, where: FieldPath, errors: FieldError[]): void {
  validateAttributeName(name, where, errors)
  if (name.includes('/')) return
  const detail = 'a fully qualified name must be a domain and a name separated by a slash'
  errors.push(invalidValue(where, name, detail))
}

const anyUid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const uidLength = 36
const urn = 'urn:uuid:'

/** What Go's library says of a text that is no UUID in any of its forms. */
function uuidProblem(text: string): string | undefined {
  const length = utf8Length(text)
  const format = (isOne: boolean): string | undefined => (isOne ? undefined : 'invalid UUID format')
  switch (length) {
    case uidLength:
      return format(anyUid.test(text))
    case uidLength + urn.length:
      if (text.slice(0, urn.length).toLowerCase() !== urn)
        return `invalid urn prefix: ${goQuote(text.slice(0, urn.length))}`
      return format(anyUid.test(text.slice(urn.length)))
    case uidLength + 2:
      if (!/^\{.*\}$/.test(text)) return 'invalid bracketed UUID format'
      return format(anyUid.test(text.slice(1, -1)))
    case 32:
      return format(/^[0-9a-f]{32}$/i.test(text))
    default:
      return `invalid UUID length: ${length}`
  }
}

export function validateUid(text: string, where: FieldPath, errors: FieldError[]): void {
  const problem = uuidProblem(text)
  if (problem !== undefined) {
    errors.push(invalidValue(where, text, `error validating uid: ${problem}`))
    return
  }
  if (text.length === uidLength && text === text.toLowerCase()) return
  const detail =
    'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'
  errors.push(invalidValue(where, text, detail))
}
