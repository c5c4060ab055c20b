import { utf8Length } from './utf8-length.ts'

/**
 * Checks of names, labels and their like. Each returns what is wrong in upstream's words, [] if nothing is
 * (apimachinery/pkg/util/validation, pkg/api/validate/content).
 */
export type Complaints = readonly string[]

const none: Complaints = []

const label1123Format = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const label1123Message =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const subdomainFormat = `${label1123Format}(\\.${label1123Format})*`
const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const underscoreLabelFormat = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const underscoreSubdomainFormat = `${underscoreLabelFormat}(\\.${underscoreLabelFormat})*`
const label1035Format = '[a-z]([-a-z0-9]*[a-z0-9])?'
const label1035Message =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
const wildcardFormat = `\\*\\.${subdomainFormat}`
const wildcardMessage =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"

const label1123 = new RegExp(`^${label1123Format}$`)
const subdomain = new RegExp(`^${subdomainFormat}$`)
const underscoreSubdomain = new RegExp(`^${underscoreSubdomainFormat}$`)
const label1035 = new RegExp(`^${label1035Format}$`)
const wildcard = new RegExp(`^${wildcardFormat}$`)

export const maxSubdomainBytes = 253
export const maxLabelBytes = 63

export const maxLengthComplaint = (characters: number): string =>
  `must be no more than ${characters} characters`

export const maxBytesComplaint = (bytes: number): string => `must be no more than ${bytes} bytes`

export const rangeComplaint = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`

/** Explains a failed regular expression, with examples. */
export function formatComplaint(message: string, format: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ')
  return examples.length === 0
    ? `${message} (regex used for validation is '${format}')`
    : `${message} (e.g. ${shown}regex used for validation is '${format}')`
}

export const isDns1123Label = (value: string): Complaints => labelComplaints(value, maxLengthComplaint)

/** As isDns1123Label, in the words of upstream's declarative validation (`k8s-short-name`). */
export const isShortName = (value: string): Complaints => labelComplaints(value, maxBytesComplaint)

function labelComplaints(value: string, tooLong: (bytes: number) => string): Complaints {
  if (value.length <= maxLabelBytes && label1123.test(value)) return none
  const complaints: string[] = []
  if (utf8Length(value) > maxLabelBytes) complaints.push(tooLong(maxLabelBytes))
  if (!label1123.test(value)) {
    complaints.push(
      subdomain.test(value)
        ? 'must not contain dots'
        : formatComplaint(label1123Message, label1123Format, 'my-name', '123-abc'),
    )
  }
  return complaints
}

function checked(
  value: string,
  pattern: RegExp,
  maxLength: number,
  complaint: () => string,
  tooLong = maxLengthComplaint,
): Complaints {
  if (value.length <= maxLength && pattern.test(value)) return none
  const complaints: string[] = []
  if (utf8Length(value) > maxLength) complaints.push(tooLong(maxLength))
  if (!pattern.test(value)) complaints.push(complaint())
  return complaints
}

const subdomainComplaint = (): string => formatComplaint(subdomainMessage, subdomainFormat, 'example.com')

export const isDns1123Subdomain = (value: string): Complaints =>
  checked(value, subdomain, maxSubdomainBytes, subdomainComplaint)

/** As isDns1123Subdomain, in the words of upstream's declarative validation (`k8s-long-name`). */
export const isLongName = (value: string): Complaints =>
  checked(value, subdomain, maxSubdomainBytes, subdomainComplaint, maxBytesComplaint)

/** As isLongName, of letters in either case (`k8s-long-name-caseless`). */
export const isLongNameCaseless = (value: string): Complaints =>
  checked(value.toLowerCase(), subdomain, maxSubdomainBytes, caselessComplaint, maxBytesComplaint)

const caselessComplaint = (): string =>
  formatComplaint(
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    subdomainFormat,
    'Example.com',
  )

export const isDns1123SubdomainWithUnderscore = (value: string): Complaints =>
  checked(value, underscoreSubdomain, maxSubdomainBytes, () =>
    formatComplaint(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
      underscoreSubdomainFormat,
      'example.com',
    ),
  )

export const isDns1035Label = (value: string): Complaints =>
  checked(value, label1035, maxLabelBytes, () =>
    formatComplaint(label1035Message, label1035Format, 'my-name', 'abc-123'),
  )

export const isWildcardSubdomain = (value: string): Complaints =>
  checked(value, wildcard, maxSubdomainBytes, () =>
    formatComplaint(wildcardMessage, wildcardFormat, '*.example.com'),
  )

/** What may be a segment of a URL path: names of RBAC kinds and others that are not DNS names. */
export function isPathSegmentName(value: string): Complaints {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return isPathSegmentPrefix(value)
}

export function isPathSegmentPrefix(value: string): Complaints {
  if (!value.includes('/') && !value.includes('%')) return none
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`)
}
