import { expect, test } from 'vitest'
import { boolean, duration, int, list, pairs, path, repeated, text } from './flag-types.ts'
import { namedPairs } from './named-pairs.ts'
import { flagHelp, flagTexts, parseFlags } from './parse-flags.ts'

const flags = {
  'bind-address': text('Where.', '0.0.0.0'),
  'secure-port': int('Port.', 6443, { min: 0, max: 65_535 }),
  'anonymous-auth': boolean('Anonymous.', true),
  'client-ca-file': path('Authority.'),
  'request-timeout': duration('Time.', 60_000),
  'etcd-servers': list('Servers.'),
  'service-account-issuer': repeated('Issuer.'),
  labels: pairs('Labels.', (value) => new Map([[value, value]])),
  'tls-sni-cert-key': namedPairs('Certificates for names.'),
  v: int('Verbosity.', 0),
}

const parse = (...args: readonly string[]) => {
  const parsed = parseFlags('kube-apiserver', flags, args)
  if (parsed.type !== 'run') throw new Error(parsed.type)
  return parsed
}

test('parseFlags() has defaults, and takes values in both forms', () => {
  const { values, given } = parse('--secure-port', '443', '--anonymous-auth', '--client-ca-file=a.crt', '-v4')
  expect(values).toMatchObject({
    'bind-address': '0.0.0.0',
    'secure-port': 443,
    'anonymous-auth': true,
    'client-ca-file': 'a.crt',
    'etcd-servers': [],
    v: 4,
  })
  expect([...given]).toEqual(['secure-port', 'anonymous-auth', 'client-ca-file', 'v'])
})

test('parseFlags() gathers lists, and reads Go durations', () => {
  const { values } = parse(
    ...['--etcd_servers=a,b', '--etcd-servers', 'c', '--request-timeout=1m30.5s', '--v=2'],
    ...['--service-account-issuer=x,y', '--service-account-issuer=z', '--anonymous-auth=false'],
  )
  expect(values).toMatchObject({
    'etcd-servers': ['a', 'b', 'c'],
    'request-timeout': 90_500,
    'service-account-issuer': ['x,y', 'z'],
    'anonymous-auth': false,
    v: 2,
  })
})

test.each([
  [['--no-such-flag=1'], 'unknown flag: --no-such-flag'],
  [['--constructor=1'], 'unknown flag: --constructor'],
  [['-x'], "unknown shorthand flag: 'x' in -x"],
  [['--secure-port'], 'flag needs an argument: --secure-port'],
  [
    ['--secure-port=abc'],
    'invalid argument "abc" for "--secure-port" flag: strconv.ParseInt: parsing "abc": invalid syntax',
  ],
  [
    ['--anonymous-auth=maybe'],
    'invalid argument "maybe" for "--anonymous-auth" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [
    ['--request-timeout=5'],
    'invalid argument "5" for "--request-timeout" flag: time: missing unit in duration "5"',
  ],
  [['extra'], '"kube-apiserver" does not take any arguments, got ["extra"]'],
])('parseFlags() refuses %j by name', (args, message) => {
  expect(() => parse(...args)).toThrow(message)
})

test('flagHelp() has a line for each flag, by which tools look for them', () => {
  expect(flagHelp('kube-apiserver', flags)).toMatch(/^\s*--secure-port int\b/m)
  expect(parseFlags('kube-apiserver', flags, ['--help'])).toEqual({ type: 'help' })
})

test('parseFlags() reads pairs of files for names as upstream does', () => {
  const pairs = (...texts: readonly string[]) =>
    parse(...texts.map((each) => `--tls-sni-cert-key=${each}`)).values['tls-sni-cert-key']
  expect(pairs('a.crt, a.key', 'b.crt,b.key:*.b.com, b.com')).toEqual([
    { certificate: 'a.crt', key: 'a.key', names: [] },
    { certificate: 'b.crt', key: 'b.key', names: ['*.b.com', 'b.com'] },
  ])
  expect(() => pairs('a.crt')).toThrow('expected comma separated certificate and key file paths')
  expect(() => pairs('a.crt,a.key: ')).toThrow('empty names list is not allowed')
})

test('flagTexts() shows all flags as Go prints them', () => {
  const { values } = parse(
    '--etcd-servers=a,b',
    '--labels=a',
    '--request-timeout=90s',
    '--tls-sni-cert-key=c,k:n',
  )
  expect(flagTexts(flags, values)).toEqual({
    'bind-address': '0.0.0.0',
    'secure-port': '6443',
    'anonymous-auth': 'true',
    'client-ca-file': '',
    'request-timeout': '1m30s',
    'etcd-servers': '[a,b]',
    'service-account-issuer': '[]',
    labels: 'a=a',
    'tls-sni-cert-key': '[c,k:n]',
    v: '0',
  })
})
