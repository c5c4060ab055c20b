import { describe, expect, test } from 'vitest'
import { newEnvironment } from './kubernetes.ts'
import { dynType } from './types/type.ts'
import { formatValue } from './values/format.ts'
import { nativeValue } from './values/native.ts'

const environment = newEnvironment().extend({ variables: { x: dynType } })

/** The value's text, or the error. */
function run(text: string, x: unknown = null): string {
  const compilation = environment.compile(text)
  if ('error' in compilation) return compilation.error
  const planned = compilation.expression.program()
  if ('error' in planned) return planned.error
  const evaluation = planned.program.evaluate({ x: nativeValue(x) })
  return evaluation.ok ? formatValue(evaluation.value) : evaluation.error
}

describe('newEnvironment()', () => {
  test.each([
    ["ip('192.168.0.1').family()", '4'],
    ["ip('::1').isLoopback()", 'true'],
    ["ip('169.254.1.1').isLinkLocalUnicast()", 'true'],
    ["ip('8.8.8.8').isGlobalUnicast()", 'true'],
    ["ip('ff02::1').isLinkLocalMulticast()", 'true'],
    ["ip.isCanonical('2001:DB8::ABCD')", 'false'],
    ["ip.isCanonical('2001:db8::abcd')", 'true'],
    ["string(ip('127.0.0.1'))", '"127.0.0.1"'],
    ["isIP('192.168.0.1.0')", 'false'],
    [
      "ip('192.168.0.1.0')",
      'IP Address "192.168.0.1.0" parse error during conversion from string: ParseAddr("192.168.0.1.0"): IPv4 address too long',
    ],
    ["ip('::ffff:1.2.3.4')", 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'],
    ["ip('fe80::1%en0')", 'IP address "fe80::1%en0" with zone value is not allowed'],
    ["cidr('192.168.0.0/24').containsIP('192.168.0.1')", 'true'],
    ["cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))", 'false'],
    ["cidr('192.168.0.0/24').containsIP('x')", 'no such overload'],
    [
      "cidr('192.168.0.0/24').containsCIDR('x')",
      'network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("x"): no \'/\'',
    ],
    ["cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24')", 'true'],
    ["cidr('192.168.0.0/24').containsCIDR(cidr('192.168.0.0/23'))", 'false'],
    ["cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')", 'true'],
    ["cidr('192.168.0.1/24').ip() == ip('192.168.0.1')", 'true'],
    ["cidr('192.168.0.0/24').prefixLength()", '24'],
    ["isCIDR('192.168.0.0/33')", 'false'],
  ])('%s is %s', (text, result) => expect(run(text)).toBe(result))

  test.each([
    ["quantity('10M').isGreaterThan(quantity('1Mi'))", 'true'],
    ["quantity('200M').compareTo(quantity('0.2G'))", '0'],
    ["quantity('50k').add(20) == quantity('50020')", 'true'],
    ["quantity('50k').sub(quantity('20k')).asInteger()", '30000'],
    ["quantity('50k').asApproximateFloat()", '50000.0'],
    ["quantity('9999999999999999999999999999999999999G').isInteger()", 'false'],
    ["sign(quantity('-3'))", '-1'],
    ["isQuantity('20 Mi')", 'false'],
    [
      "quantity('10Mo')",
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    ["semver('1.2.3').isLessThan(semver('1.10.0'))", 'true'],
    ["semver('v01.01', true) == semver('1.1.0')", 'true'],
    ["isSemver('200K')", 'false'],
    ["semver('1.2.3').minor()", '2'],
    ["semver('1.2')", 'No Major.Minor.Patch elements found'],
    ["url('https://user:pass@example.com:8443/a%20b?x=1&x=2&y').getHost()", '"example.com:8443"'],
    ["url('https://example.com:8443/a%20b?x=1&x=2&y').getQuery()['x']", '["1", "2"]'],
    ["url('https://[::1]:80/').getHostname()", '"::1"'],
    ["url('/path/x').getEscapedPath()", '"/path/x"'],
    ["isURL('../relative-path')", 'false'],
    [
      "url('https://a:b:c/')",
      'URL parse error during conversion from string: parse "https://a:b:c/": invalid port ":c" after host',
    ],
    ["format.dns1123Label().validate('my-label')", 'optional.none()'],
    ["!format.named('dns1123Label').value().validate('My_Label').hasValue()", 'false'],
    ["format.uuid().validate('not-a-uuid').value()", '["does not match the UUID format"]'],
    ["format.named('unknown')", 'optional.none()'],
  ])('%s is %s', (text, result) => expect(run(text)).toBe(result))

  test.each([
    ['[3, 1, 2].isSorted()', 'false'],
    ['[1, 3, 2].sum()', '6'],
    ["[duration('1m'), duration('1s')].sum() == duration('61s')", 'true'],
    ['[1, 3, 2].max() + [1, 3, 2].min()', '4'],
    ["['a', 'b', 'a'].lastIndexOf('a')", '2'],
    ["'abc 123 def 456'.find('[0-9]+')", '"123"'],
    ["'123 abc 456'.findAll('[0-9]+', 1)", '["123"]'],
    ["'a'.findAll('x')", '[]'],
    ['[1, 2, 3, 4].slice(1, 3)', '[2, 3]'],
    ['[[1], [2, 3]].flatten()', '[1, 2, 3]'],
    ["['b', 'a'].sort()", '["a", "b"]'],
    ["['bb', 'a'].sortBy(e, e.size())", '["a", "bb"]'],
    ['lists.range(3)', '[0, 1, 2]'],
    ['[1, 2, 1].distinct()', '[1, 2]'],
    ['sets.contains([1, 2], [2])', 'true'],
    ['sets.equivalent([1, 2], [2, 1, 1])', 'true'],
    ["{'a': 1}.transformMap(k, v, v + 1)", '{"a": 2}'],
    ["{'a': 1}.transformList(k, v, k)", '["a"]'],
    ['optional.of(1).optMap(v, v + 1).orValue(0)', '2'],
    ['[?optional.none(), 1]', '[1]'],
    ["{?'a': optional.of(1)}", '{"a": 1}'],
    [
      "'%s and %d'.format(['a', 1])",
      "ERROR: <input>:1:26: expected type 'string' but found 'int'\n | '%s and %d'.format(['a', 1])\n | .........................^",
    ],
    ["'%d'.format([1])", '"1"'],
  ])('%s is %s', (text, result) => expect(run(text)).toBe(result))
})
