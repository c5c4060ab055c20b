import {
  type Complaints,
  formatComplaint,
  isDns1123Subdomain,
  maxBytesComplaint,
  maxLengthComplaint,
  maxSubdomainBytes,
  rangeComplaint,
} from './names.ts'
import { utf8Length } from './utf8-length.ts'

const none: Complaints = []

const keyFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const keyMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const keyPattern = new RegExp(`^${keyFormat}$`)
const keyExamples = ['MyName', 'my.name', '123-abc']
const maxNameBytes = 63

/** A qualified name: an optional DNS subdomain and `/`, then a name. Label keys, annotation keys, finalizers, resource names. */
export function isQualifiedName(value: string): Complaints {
  const slash = value.indexOf('/')
  if (slash < 0 && value.length <= maxNameBytes && keyPattern.test(value)) return none
  const complaints: string[] = []
  if (slash >= 0 && value.indexOf('/', slash + 1) >= 0) {
    complaints.push(
      `a valid label key ${formatComplaint(keyMessage, keyFormat, ...keyExamples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    )
    return complaints
  }
  const name = slash < 0 ? value : value.slice(slash + 1)
  if (slash === 0) complaints.push('prefix part must be non-empty')
  else if (slash > 0) {
    for (const complaint of isDns1123Subdomain(value.slice(0, slash)))
      complaints.push(`prefix part ${complaint}`)
  }
  if (name === '') complaints.push('name part must be non-empty')
  else if (utf8Length(name) > maxNameBytes) complaints.push(`name part ${maxBytesComplaint(maxNameBytes)}`)
  if (!keyPattern.test(name))
    complaints.push(`name part ${formatComplaint(keyMessage, keyFormat, ...keyExamples)}`)
  return complaints
}

const valueFormat = `(${keyFormat})?`
const valuePattern = new RegExp(`^${valueFormat}$`)
const valueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

export function isLabelValue(value: string): Complaints {
  if (value.length <= maxNameBytes && valuePattern.test(value)) return none
  const complaints: string[] = []
  if (utf8Length(value) > maxNameBytes) complaints.push(maxBytesComplaint(maxNameBytes))
  if (!valuePattern.test(value))
    complaints.push(formatComplaint(valueMessage, valueFormat, 'MyValue', 'my_value', '12345'))
  return complaints
}

export function isPortNumber(port: number): Complaints {
  return port >= 1 && port <= 65535 ? none : [rangeComplaint(1, 65535)]
}

function isInRange(value: number, low: number, high: number): Complaints {
  return value >= low && value <= high ? none : [rangeComplaint(low, high)]
}

const maxId = 2 ** 31 - 1

/** User and group ids alike. */
export const isUnixId = (id: number): Complaints => isInRange(id, 0, maxId)

const portNameCharacters = /^[-a-z0-9]+$/
const portNameLetter = /[a-z]/

/** An IANA service name (RFC 6335), lower case. */
export function isPortName(port: string): Complaints {
  const complaints: string[] = []
  if (utf8Length(port) > 15) complaints.push(maxLengthComplaint(15))
  if (!portNameCharacters.test(port))
    complaints.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!portNameLetter.test(port)) complaints.push('must contain at least one letter (a-z)')
  if (port.includes('--')) complaints.push('must not contain consecutive hyphens')
  if (port.startsWith('-') || port.endsWith('-')) complaints.push('must not begin or end with a hyphen')
  return complaints
}

const percent = /^[0-9]+%$/

export function isPercent(value: string): Complaints {
  if (percent.test(value)) return none
  return [
    formatComplaint(
      "a valid percent string must be a numeric string followed by an ending '%'",
      '[0-9]+%',
      '1%',
      '93%',
    ),
  ]
}

const httpHeaderName = /^[-A-Za-z0-9]+$/

export function isHttpHeaderName(value: string): Complaints {
  if (httpHeaderName.test(value)) return none
  return [
    formatComplaint(
      "a valid HTTP header must consist of alphanumeric characters or '-'",
      '[-A-Za-z0-9]+',
      'X-Header-Name',
    ),
  ]
}

const printableAsciiButEquals = /^[\x20-\x3c\x3e-\x7e]*$/

/** Since v1.34 (KEP-4369) every printable ASCII character but `=` is allowed. */
export function isEnvironmentVariableName(value: string): Complaints {
  if (value === '') return ['environment variable name must be non-empty']
  if (printableAsciiButEquals.test(value)) return none
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

const configMapKey = /^[-._a-zA-Z0-9]+$/

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(value: string): Complaints {
  if (value.length <= maxSubdomainBytes && configMapKey.test(value) && !value.startsWith('.')) return none
  const complaints: string[] = []
  if (utf8Length(value) > maxSubdomainBytes) complaints.push(maxLengthComplaint(maxSubdomainBytes))
  if (!configMapKey.test(value)) {
    complaints.push(
      formatComplaint(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        '[-._a-zA-Z0-9]+',
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    )
  }
  if (value === '.' || value === '..') complaints.push(`must not be '${value}'`)
  else if (value.startsWith('..')) complaints.push("must not start with '..'")
  return complaints
}
