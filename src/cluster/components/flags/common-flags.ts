import { int, list, oneOf, path } from './flag-types.ts'
import { namedPairs } from './named-pairs.ts'

/** What every component has. */
export const commonFlags = {
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
  ),
  'tls-cipher-suites': list('Cipher suites for TLS 1.2, under Go’s names; Node’s where none is given.'),
})

/** For what shows different certificates. */
export const namedServingFlags = {
  'tls-sni-cert-key': namedPairs(
    'certificate,key[:names] for clients that ask for one of the names, else for those in the certificate; repeated.',
  ),
}
