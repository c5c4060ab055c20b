import { getCiphers, type SecureVersion } from 'node:tls'
import type { HttpServerOptions } from '../../apiserver/http/http-server-options.ts'
import { curveNames } from './flags/curve-flag.ts'
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
  readonly ecdhCurve?: string
}

interface TlsFlags {
  readonly 'tls-min-version': 'VersionTLS12' | 'VersionTLS13'
  readonly 'tls-cipher-suites': readonly string[]
  readonly 'tls-curve-preferences'?: readonly number[]
}

/** OpenSSL's list. Throws FlagError for a suite that is not there. */
function cipherList(suites: readonly string[]): string {
  const known = new Set(getCiphers().map((name) => name.toUpperCase()))
  const names = suites.map((suite) => {
    const name = opensslName(suite)
    if (!known.has(name.toUpperCase()))
      throw new FlagError(`Cipher suite ${suite} not supported or doesn't exist`)
    return name
  })
  return names.join(':')
}

/** As in Go, the order in which they are given means nothing. */
const groupList = (curves: readonly number[]): string =>
  [...curveNames]
    .filter(([curve]) => curves.includes(curve))
    .map(([, name]) => name)
    .join(':')

/** What the flags of TLS mean to Node. Throws FlagError for a suite that is not there. */
export function tlsOptions(flags: TlsFlags): TlsOptions {
  const suites = flags['tls-cipher-suites']
  const curves = flags['tls-curve-preferences'] ?? []
  return {
    minVersion: flags['tls-min-version'] === 'VersionTLS13' ? 'TLSv1.3' : 'TLSv1.2',
    ...(suites.length === 0 ? {} : { ciphers: cipherList(suites) }),
    ...(curves.length === 0 ? {} : { ecdhCurve: groupList(curves) }),
  }
}

interface ServingFlags extends TlsFlags {
  readonly 'disable-http2-serving': boolean
  readonly 'http2-max-streams-per-connection': number
  readonly 'permit-port-sharing': boolean
}

/** How a server listens, beside where. Throws FlagError. */
export function transportOptions(
  flags: ServingFlags,
): Pick<HttpServerOptions, 'tls' | 'http2' | 'sharesPort' | 'limits'> {
  const streams = flags['http2-max-streams-per-connection']
  return {
    tls: tlsOptions(flags),
    http2: !flags['disable-http2-serving'],
    sharesPort: flags['permit-port-sharing'],
    ...(streams === 0 ? {} : { limits: { maxStreamsPerConnection: streams } }),
  }
}
