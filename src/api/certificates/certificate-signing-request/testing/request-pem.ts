import { encodeBase64 } from '../../../../base/base64.ts'
import {
  contextTag,
  derBitString,
  derElement,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSet,
  derUtf8String,
} from '../../../../base/der.ts'

export interface RequestTraits {
  readonly commonName?: string
  readonly organizations?: readonly string[]
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly Uint8Array[]
  /** SubjectPublicKeyInfo, DER; one of an unknown kind where absent. */
  readonly publicKey?: Uint8Array
  /** By ECDSA with SHA-256; a signature of nobody where absent. */
  readonly sign?: (body: Uint8Array) => Uint8Array
}

const attribute = (identifier: string, value: string): Uint8Array =>
  derSet(derSequence(derObjectIdentifier(identifier), derUtf8String(value)))

const someKey = derSequence(derSequence(derObjectIdentifier('1.2.3')), derBitString(Uint8Array.of(1)))

function attributesFor({ dnsNames = [], ipAddresses = [] }: RequestTraits): Uint8Array {
  const names = [
    ...dnsNames.map((name) => derElement(contextTag(2, false), new TextEncoder().encode(name))),
    ...ipAddresses.map((address) => derElement(contextTag(7, false), address)),
  ]
  if (names.length === 0) return derElement(contextTag(0, true))
  const extension = derSequence(derObjectIdentifier('2.5.29.17'), derOctetString(derSequence(...names)))
  const requested = derSequence(derObjectIdentifier('1.2.840.113549.1.9.14'), derSet(derSequence(extension)))
  return derElement(contextTag(0, true), requested)
}

/** A certificate request as `spec.request` has it: PEM, in base64. */
export function requestPem(traits: RequestTraits): string {
  const { commonName = '', organizations = [], publicKey = someKey } = traits
  const subject = derSequence(
    ...organizations.map((organization) => attribute('2.5.4.10', organization)),
    attribute('2.5.4.3', commonName),
  )
  const body = derSequence(derInteger(Uint8Array.of(0)), subject, publicKey, attributesFor(traits))
  const signature = traits.sign?.(body) ?? Uint8Array.of(1)
  const algorithm = derSequence(derObjectIdentifier('1.2.840.10045.4.3.2'))
  const base64 = encodeBase64(derSequence(body, algorithm, derBitString(signature)))
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${base64}\n-----END CERTIFICATE REQUEST-----\n`
  return encodeBase64(new TextEncoder().encode(pem))
}
