import {
  isCidr,
  isCreditCard,
  isDate,
  isDateTime,
  isDuration,
  isEmail,
  isHostname,
  isIpv4,
  isIpv6,
  isIsbn10,
  isIsbn13,
  isMac,
  isRequestUri,
  isRgbColor,
} from './format-checks.ts'

type Check = (text: string) => boolean

const matching =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text)

const shortName = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const longNamePattern = new RegExp(`^${shortName}(?:\\.${shortName})*$`)
const shortNamePattern = new RegExp(`^${shortName}$`)

/** Formats of strings that schemas may ask for, without their dashes; all others are ignored (apiextensions' formats.go). */
const checks: Readonly<Record<string, Check>> = {
  bsonobjectid: matching(/^[0-9a-fA-F]{24}$/),
  uri: isRequestUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  cidr: isCidr,
  mac: isMac,
  uuid: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid3: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid4: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  uuid5: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matching(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matching(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: isRgbColor,
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && shortNamePattern.test(text),
  k8slongname: (text) => text.length <= 253 && longNamePattern.test(text),
}

const withoutDashes = (format: string): string => format.replaceAll('-', '')

const numbers: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
}

/** The format as far as it counts for values of these types; '' where it does not. */
export function effectiveFormat(format: string, types: readonly string[]): string {
  if (format === '') return ''
  const type = types.length === 1 ? (types[0] ?? '') : ''
  if (type === '' || type === 'string') return Object.hasOwn(checks, withoutDashes(format)) ? format : ''
  return numbers[type]?.includes(format) === true ? format : ''
}

/** Whether a text has the format; true for formats that nobody knows. */
export function hasFormat(text: string, format: string): boolean {
  const name = withoutDashes(format)
  return Object.hasOwn(checks, name) ? (checks[name]?.(text) ?? true) : true
}
