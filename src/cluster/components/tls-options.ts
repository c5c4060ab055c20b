import { getCiphers, type SecureVersion } from 'node:tls'
import { FlagError } from './flags/parse-flags.ts'

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` to OpenSSL. */
function opensslName(goName: string): string {
  // TLS 1.3 has the same names everywhere.
  if (/^TLS_(AES|CHACHA20)_/.test(goName)) return goName
  return goName
    .replace(/^TLS_/, '')
    .replace(/^RSA_WITH_/, '')
    .replace('3DES_EDE_CBC_SHA', 'DES_CBC3_SHA')
    .replace('_WITH_', '_')
    .replace(/AES_(\d+)_CBC_/, 'AES$1_')
    .replace(/AES_(\d+)_GCM_/, 'AES$1_GCM_')
    .replace(/CHACHA20_POLY1305(_SHA256)?$/, 'CHACHA20_POLY1305')
    .replaceAll('_', '-')
}

export interface TlsOptions {
  readonly minVersion: SecureVersion
  readonly ciphers?: string
}

/** What `--tls-min-version` and `--tls-cipher-suites` mean to Node. Throws FlagError for a suite that is not there. */
export function tlsOptions(
  minVersion: 'VersionTLS12' | 'VersionTLS13',
  suites: readonly string[],
): TlsOptions {
  const version = minVersion === 'VersionTLS13' ? 'TLSv1.3' : 'TLSv1.2'
  if (suites.length === 0) return { minVersion: version }
  const known = new Set(getCiphers().map((name) => name.toUpperCase()))
  const names = suites.map((suite) => {
    const name = opensslName(suite)
    if (!known.has(name.toUpperCase()))
      throw new FlagError(`Cipher suite ${suite} not supported or doesn't exist`)
    return name
  })
  return { minVersion: version, ciphers: names.join(':') }
}
