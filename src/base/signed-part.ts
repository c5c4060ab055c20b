import type { DerNode } from './der.ts'
import type { Signed } from './signature.ts'

type Algorithm = Pick<Signed, 'scheme' | 'hash'>

const algorithms: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.11': { scheme: 'rsa-pkcs1', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { scheme: 'rsa-pkcs1', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { scheme: 'rsa-pkcs1', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { scheme: 'ecdsa', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { scheme: 'ecdsa', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { scheme: 'ecdsa', hash: 'sha512' },
  '1.3.101.112': { scheme: 'ed25519', hash: 'sha512' },
}
const hashes: Readonly<Record<string, Signed['hash']>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
const insecure: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'MD5-RSA',
  '1.2.840.113549.1.1.5': 'SHA1-RSA',
  '1.2.840.10045.4.1': 'ECDSA-SHA1',
}
const rsaPss = '1.2.840.113549.1.1.10'

/** The hash of RSA-PSS is within its parameters: `[0] { SEQUENCE { OID … } }`. */
function algorithmOf(node: DerNode): Algorithm | string {
  const [type, parameters] = node.children
  const id = type?.objectIdentifier ?? ''
  const known = algorithms[id]
  if (known !== undefined) return known
  if (id === rsaPss) {
    const identifier = parameters?.children[0]?.children[0]?.children[0]?.objectIdentifier
    const hash = identifier === undefined ? undefined : hashes[identifier]
    if (hash !== undefined) return { scheme: 'rsa-pss', hash }
  }
  const weak = insecure[id]
  return weak === undefined ? 'algorithm unimplemented' : `insecure algorithm ${weak}`
}

/**
 * What is to be verified of a structure that says its algorithm and has its signature in a bit string; a text: the
 * algorithm that nobody verifies by, in Go's words.
 */
export function signedPart(
  body: DerNode,
  algorithm: DerNode,
  signature: DerNode,
  publicKey: Uint8Array,
): Signed | string {
  const how = algorithmOf(algorithm)
  if (typeof how === 'string') return how
  // A bit string starts with how many of its last bits are unused.
  return { ...how, publicKey, data: body.bytes, signature: signature.contents.subarray(1) }
}
