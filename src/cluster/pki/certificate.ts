import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import {
  contextTag,
  DerNode,
  derBitString,
  derBoolean,
  derElement,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSet,
  derTime,
  derUtf8String,
} from '../../base/der.ts'
import { toPem } from '../../base/pem.ts'

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificatePem: string
  readonly keyPem: string
}

export interface Subject {
  readonly commonName: string
  /** Groups, for a client's certificate. */
  readonly organizations?: readonly string[]
}

export interface CertificateOptions {
  readonly subject: Subject
  readonly usages: readonly ('client' | 'server')[]
  /** DNS names and IP addresses that it serves. */
  readonly names?: readonly string[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

const ecdsaWithSha256 = derSequence(derObjectIdentifier('1.2.840.10045.4.3.2'))
const usageIdentifiers = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const

const attribute = (identifier: string, value: string): Uint8Array =>
  derSet(derSequence(derObjectIdentifier(identifier), derUtf8String(value)))

export function distinguishedName(subject: Subject): Uint8Array {
  const organizations = (subject.organizations ?? []).map((organization) =>
    attribute('2.5.4.10', organization),
  )
  return derSequence(...organizations, attribute('2.5.4.3', subject.commonName))
}

/** One extension of a certificate. */
export function extension(identifier: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [derBoolean(true)] : []
  return derSequence(derObjectIdentifier(identifier), ...flag, derOctetString(value))
}

export function generalName(name: string): Uint8Array {
  if (isIPv4(name) || name.includes(':')) {
    return derElement(contextTag(7, false), Uint8Array.from(ipaddr.parse(name).toByteArray()))
  }
  return derElement(contextTag(2, false), new TextEncoder().encode(name))
}

/** SHA-1 over the key's bits, as RFC 5280 §4.2.1.2 proposes; it identifies, it protects nothing. */
export function keyIdentifier(publicKey: Uint8Array): Uint8Array {
  const bits = DerNode.read(publicKey).children[1]
  return createHash('sha1')
    .update(bits?.contents.subarray(1) ?? publicKey)
    .digest()
}

function authorityExtensions(): readonly Uint8Array[] {
  return [
    extension('2.5.29.19', true, derSequence(derBoolean(true))),
    // keyCertSign, cRLSign, digitalSignature
    extension('2.5.29.15', true, derBitString(Uint8Array.of(0x86), 1)),
  ]
}

function leafExtensions(options: CertificateOptions): readonly Uint8Array[] {
  const usages = options.usages.map((usage) => derObjectIdentifier(usageIdentifiers[usage]))
  const names = options.names ?? []
  return [
    extension('2.5.29.19', true, derSequence()),
    // digitalSignature
    extension('2.5.29.15', true, derBitString(Uint8Array.of(0x80), 7)),
    extension('2.5.29.37', false, derSequence(...usages)),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', false, derSequence(...names.map(generalName)))]),
  ]
}

interface Signing {
  readonly issuer: Uint8Array
  readonly issuerPublicKey: Uint8Array
  readonly issuerKey: KeyObject
}

function signCertificate(
  options: Pick<CertificateOptions, 'subject' | 'notBeforeMs' | 'notAfterMs'>,
  publicKey: Uint8Array,
  extensions: readonly Uint8Array[],
  signing: Signing,
): string {
  const identifiers = [
    extension('2.5.29.14', false, derOctetString(keyIdentifier(publicKey))),
    extension(
      '2.5.29.35',
      false,
      derSequence(derElement(contextTag(0, false), keyIdentifier(signing.issuerPublicKey))),
    ),
  ]
  const body = derSequence(
    derElement(contextTag(0, true), derInteger(Uint8Array.of(2))),
    derInteger(randomBytes(8)),
    ecdsaWithSha256,
    signing.issuer,
    derSequence(derTime(options.notBeforeMs), derTime(options.notAfterMs)),
    distinguishedName(options.subject),
    publicKey,
    derElement(contextTag(3, true), derSequence(...extensions, ...identifiers)),
  )
  const signature = sign('sha256', body, signing.issuerKey)
  return toPem('CERTIFICATE', derSequence(body, ecdsaWithSha256, derBitString(signature)))
}

/** ECDSA P-256: made in under a millisecond, where RSA 2048 takes a hundred. */
export const generateKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

export const privateKeyPem = (key: KeyObject): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString()

const publicKeyDer = (key: KeyObject): Uint8Array =>
  createPublicKey(key).export({ type: 'spki', format: 'der' })

/** A self-signed authority for `key`. */
export function createAuthority(
  key: KeyObject,
  options: Pick<CertificateOptions, 'subject' | 'notBeforeMs' | 'notAfterMs'>,
): KeyPair {
  const publicKey = publicKeyDer(key)
  const certificatePem = signCertificate(options, publicKey, authorityExtensions(), {
    issuer: distinguishedName(options.subject),
    issuerPublicKey: publicKey,
    issuerKey: key,
  })
  return { certificatePem, keyPem: privateKeyPem(key) }
}

/** The subject of a certificate as it is encoded, to become another's issuer byte for byte. */
export function subjectOf(certificate: X509Certificate): Uint8Array {
  const body = DerNode.read(DerNode.read(certificate.raw).contents)
  const subject = body.children[5]
  if (subject === undefined) throw new RangeError('the certificate has no subject')
  return subject.bytes
}

/** A certificate with a fresh key, signed by `authority`. */
export function issueCertificate(authority: KeyPair, options: CertificateOptions): KeyPair {
  const issuer = new X509Certificate(authority.certificatePem)
  const key = generateKey()
  const certificatePem = signCertificate(options, publicKeyDer(key), leafExtensions(options), {
    issuer: subjectOf(issuer),
    issuerPublicKey: issuer.publicKey.export({ type: 'spki', format: 'der' }),
    issuerKey: createPrivateKey(authority.keyPem),
  })
  return { certificatePem, keyPem: privateKeyPem(key) }
}
