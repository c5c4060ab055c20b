import { describe, expect, test } from 'vitest'
import {
  isConfigMapKey,
  isEnvironmentVariableName,
  isLabelValue,
  isPercent,
  isPortName,
  isQualifiedName,
} from './label-syntax.ts'
import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isWildcardSubdomain,
} from './names.ts'

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const qualified =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

describe('names', () => {
  test.each([
    [isDns1123Subdomain, 'web.example-1', []],
    [isDns1123Subdomain, 'Web', [subdomain]],
    [isDns1123Subdomain, 'a'.repeat(254), ['must be no more than 253 characters']],
    [isDns1123Label, 'web', []],
    [isDns1123Label, 'a.b', ['must not contain dots']],
    [isDns1123Label, 'a_b', [label]],
    [isDns1035Label, 'web-1', []],
    [isWildcardSubdomain, '*.example.com', []],
    [isPathSegmentName, 'system:node', []],
    [isPathSegmentName, '..', ["may not be '..'"]],
    [isPathSegmentName, 'a/b%', ["may not contain '/'", "may not contain '%'"]],
    [isQualifiedName, 'example.com/Name_1', []],
    [isQualifiedName, 'a b', [`name part ${qualified}`]],
    [isQualifiedName, '/a', ['prefix part must be non-empty']],
    [isQualifiedName, 'A/a', [`prefix part ${subdomain}`]],
    [isQualifiedName, 'a'.repeat(64), ['name part must be no more than 63 bytes']],
    [isQualifiedName, 'a/', ['name part must be non-empty', `name part ${qualified}`]],
    [
      isQualifiedName,
      'a/b/c',
      [
        `a valid label key ${qualified} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      ],
    ],
    [isLabelValue, '', []],
    [isLabelValue, 'a'.repeat(64), ['must be no more than 63 bytes']],
    [
      isLabelValue,
      'a b',
      [
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      ],
    ],
    [isPortName, 'http', []],
    [isPortName, '80', ['must contain at least one letter (a-z)']],
    [isPortName, 'a--b-', ['must not contain consecutive hyphens', 'must not begin or end with a hyphen']],
    [isPercent, '10%', []],
    [isConfigMapKey, '.hidden', []],
    [isConfigMapKey, '..', ["must not be '..'"]],
    [isConfigMapKey, '..a', ["must not start with '..'"]],
    [isEnvironmentVariableName, 'any thing', []],
    [isEnvironmentVariableName, '', ['environment variable name must be non-empty']],
  ] as const)('%o says of %j: %j', (check, value, complaints) => {
    expect(check(value)).toEqual(complaints)
  })
})
