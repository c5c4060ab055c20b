import { goQuote } from '../../../apimachinery/go-text.ts'
import { curves } from './curve-flag.ts'
import { boolean, type Flag, int, list, oneOf, path } from './flag-types.ts'
import { namedPairs } from './named-pairs.ts'

/** What every component has. */
export const commonFlags = {
  'logging-format': oneOf('The form of what is logged: an object a line.', ['json'], 'json'),
  v: int('How much is logged: 0 what is wrong and what matters, 4 and more everything.', 0, { min: 0 }),
}

/** For what serves HTTPS. */
export const servingFlags = (certificateFolder: string) => ({
  'cert-dir': {
    ...path('Where a self-signed certificate is kept when none is given.'),
    fallback: certificateFolder,
  },
  'tls-cert-file': path('Certificate to serve, with those of its authorities behind it.'),
  'tls-private-key-file': path('Its key.'),
  'tls-min-version': oneOf(
    'The oldest TLS that is spoken.',
    ['VersionTLS12', 'VersionTLS13'],
    'VersionTLS12',
    (value) => `unknown tls version ${goQuote(value)}`,
  ),
  'tls-cipher-suites': list('Cipher suites for TLS 1.2, under Go’s names; Node’s where none is given.'),
})

/** For all but kubelets. */
export const secureServingFlags = (certificateFolder: string) => ({
  ...servingFlags(certificateFolder),
  'disable-http2-serving': boolean('HTTP/1.1 only.', false),
  'http2-max-streams-per-connection': int('Streams of an HTTP/2 connection; 0: 250.', 0, { min: 0 }),
  'permit-port-sharing': boolean('Others may listen on the same address and port (SO_REUSEPORT).', false),
  profiling: onlyFalse('Profiles at /debug/pprof.'),
  'tls-curve-preferences': curves(
    'Groups for key exchange, by the numbers that TLS has for them; the default ones where none is given.',
  ),
  'tls-sni-cert-key': namedPairs(
    'certificate,key[:names] for clients that ask for one of the names, else for those in the certificate; repeated.',
  ),
})

/** What is not there. */
export function onlyFalse(usage: string): Flag<boolean> {
  const flag = boolean(usage, false)
  return {
    ...flag,
    parse: (value, before) => {
      if (!flag.parse(value, before)) return false
      throw new Error('it is not there')
    },
  }
}

/** What cannot be turned off here. */
export function onlyTrue(usage: string): Flag<boolean> {
  const flag = boolean(usage, true)
  return {
    ...flag,
    parse: (value, before) => {
      if (flag.parse(value, before)) return true
      throw new Error('it cannot be turned off')
    },
  }
}
