import { contextTag, DerNode } from '../../base/der.ts'
import { AuthenticationError } from './authentication-error.ts'

/** What authentication reads in an X.509 certificate. */
export interface CertificateIdentity {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly uid: string | undefined
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

const commonNameType = '2.5.4.3'
const organizationType = '2.5.4.10'
/** Kubernetes' own arc (`asn1util.X509UID`). */
const uidType = '1.3.6.1.4.1.57683.2'

interface Attribute {
  readonly type: string
  readonly value: string
}

function attributesOf(subject: DerNode): readonly Attribute[] {
  return subject.children.flatMap((set) =>
    set.children.map((pair) => {
      const [type, value] = pair.children
      return { type: type?.objectIdentifier ?? '', value: value?.text ?? '' }
    }),
  )
}

function uidOf(attributes: readonly Attribute[]): string | undefined {
  const uids = attributes.filter(({ type }) => type === uidType).map(({ value }) => value)
  if (uids.length > 1)
    throw new AuthenticationError(`expected 1 UID, but found multiple: [${uids.join(' ')}]`)
  if (uids[0] === '') throw new AuthenticationError('UID cannot be an empty string')
  return uids[0]
}

/** Reads a certificate that has been verified: who verified it has also parsed it. Throws RangeError for bytes that are none, AuthenticationError for a wrong UID. */
export function certificateIdentity(der: Uint8Array): CertificateIdentity {
  const fields = DerNode.read(DerNode.read(der).contents).children
  // RFC 5280 §4.1: an optional version, then serial number, signature, issuer, validity, subject.
  const start = fields[0]?.tag === contextTag(0, true) ? 1 : 0
  const validity = fields[start + 3]
  const subject = fields[start + 4]
  const [notBefore, notAfter] = validity?.children ?? []
  if (subject === undefined || notBefore === undefined || notAfter === undefined) {
    throw new RangeError('the certificate is cut off')
  }
  const attributes = attributesOf(subject)
  return {
    // Of several common names the last one counts, as in Go.
    commonName: attributes.findLast(({ type }) => type === commonNameType)?.value ?? '',
    organizations: attributes.filter(({ type }) => type === organizationType).map(({ value }) => value),
    uid: uidOf(attributes),
    notBeforeMs: notBefore.timeMs,
    notAfterMs: notAfter.timeMs,
  }
}
