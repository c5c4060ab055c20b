import { pemBlocks } from '../../../base/pem.ts'
import type { core } from '../../generated/types/index.ts'

const typesOf = (encoded: string | undefined): readonly string[] =>
  encoded === undefined ? [] : pemBlocks(atob(encoded)).map(({ type }) => type)

const isKey = (type: string): boolean => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY')

function certificateWarning(types: readonly string[]): string | undefined {
  if (types.includes('CERTIFICATE')) return undefined
  const [first, ...others] = types
  if (first === undefined) return 'tls: failed to find any PEM data in certificate input'
  if (others.length === 0 && first.endsWith('PRIVATE KEY'))
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types.join(' ')}]`
}

function keyWarning(types: readonly string[]): string | undefined {
  if (types.some(isKey)) return undefined
  const [first, ...others] = types
  if (first === undefined) return 'tls: failed to find any PEM data in key input'
  if (others.length === 0 && first === 'CERTIFICATE')
    return 'tls: found a certificate rather than a key in the PEM for the private key'
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${types.join(' ')}]`
}

/** What is found missing in a pair of key and certificate without reading them: a server that takes them would say so much later. */
export function secretWarnings({ type, data }: core.v1.Secret): readonly string[] {
  if (type !== 'kubernetes.io/tls') return []
  const warning = certificateWarning(typesOf(data?.['tls.crt'])) ?? keyWarning(typesOf(data?.['tls.key']))
  return warning === undefined ? [] : [warning]
}
