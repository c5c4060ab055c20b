import { contextTag, DerNode, derTags } from './der.ts'
import type { Signed } from './signature.ts'
import { signedPart } from './signed-part.ts'
import { extensionValues, namesOf, part, subjectAlternativeNames } from './x509.ts'

/** What a certificate request asks for (RFC 2986). */
export interface CertificateRequest {
  /** The Name, DER. */
  readonly subject: Uint8Array
  readonly commonName: string
  readonly organizations: readonly string[]
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  readonly dnsNames: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
  /** Four or sixteen octets each. */
  readonly ipAddresses: readonly Uint8Array[]
  /** What is to be verified; a text: the algorithm that nobody verifies by, in Go's words. */
  readonly signed: Signed | string
}

const commonName = '2.5.4.3'
const organization = '2.5.4.10'
const extensionRequest = '1.2.840.113549.1.9.14'

const addressNames = 7

/** The values of one kind of attribute in a Name. */
const valuesOf = (name: DerNode, identifier: string): readonly string[] =>
  name.children
    .flatMap(({ children }) => children)
    .filter(({ children }) => part(children, 0).objectIdentifier === identifier)
    .map(({ children }) => part(children, 1).text)

/** Reads a certificate request. Throws RangeError for bytes that are none; the signature is not checked. */
export function readCertificateRequest(bytes: Uint8Array): CertificateRequest {
  const whole = DerNode.read(bytes)
  if (whole.tag !== derTags.sequence || whole.bytes.length !== bytes.length)
    throw new RangeError('not a certificate request')
  const body = part(whole.children, 0)
  const subject = part(body.children, 1)
  const key = part(body.children, 2)
  if (key.tag !== derTags.sequence || key.children.length !== 2) throw new RangeError('no public key')
  const attributes = body.children.find(({ tag }) => tag === contextTag(0, true))?.children ?? []
  const requested = attributes.find(({ children }) => part(children, 0).objectIdentifier === extensionRequest)
  const extensions = requested === undefined ? [] : part(part(requested.children, 1).children, 0).children
  const names = extensionValues(extensions).get(subjectAlternativeNames)
  const addresses = names?.children.filter(({ tag }) => tag === contextTag(addressNames, false)) ?? []
  return {
    subject: subject.bytes,
    commonName: valuesOf(subject, commonName).at(-1) ?? '',
    organizations: valuesOf(subject, organization),
    publicKey: key.bytes,
    emailAddresses: namesOf(names, 1),
    dnsNames: namesOf(names, 2),
    uris: namesOf(names, 6),
    ipAddresses: addresses.map(({ contents }) => contents),
    signed: signedPart(body, part(whole.children, 1), part(whole.children, 2), key.bytes),
  }
}
