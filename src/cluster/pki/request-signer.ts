import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import type { CertificateRequest } from '../../base/certificate-request.ts'
import {
  contextTag,
  derBitString,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
  derTime,
} from '../../base/der.ts'
import { signatureAlgorithm, signDer } from '../../base/host/sign-der.ts'
import { verifySignature } from '../../base/host/verify-signature.ts'
import { toPem } from '../../base/pem.ts'
import { subjectAlternativeNames } from '../../base/x509.ts'
import type { CertificateTerms, RequestSigner } from '../../controllers/csrsigning/request-signer.ts'
import { extension, type KeyPair, keyIdentifier, subjectOf } from './certificate.ts'

/** Throws an Error, in upstream's words, where the request is not signed by the key that is in it. */
function checkSignature({ signed }: CertificateRequest): void {
  const isKnown = typeof signed !== 'string'
  if (isKnown && verifySignature(signed)) return
  const why = isKnown ? 'the signature does not match' : `x509: cannot verify signature: ${signed}`
  throw new Error(`unable to verify certificate request signature: ${why}`)
}

/** KeyUsage's bits begin with the highest of the first octet. */
function keyUsageBits(usage: number): Uint8Array {
  const last = Math.floor(Math.log2(usage))
  const octets = new Uint8Array(Math.floor(last / 8) + 1)
  for (let bit = 0; bit <= last; bit++)
    if ((usage & (1 << bit)) !== 0) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return derBitString(octets, 7 - (last % 8))
}

function alternativeNames(request: CertificateRequest): readonly Uint8Array[] {
  const encoder = new TextEncoder()
  const text = (kind: number) => (name: string) => derElement(contextTag(kind, false), encoder.encode(name))
  return [
    ...request.dnsNames.map(text(2)),
    ...request.emailAddresses.map(text(1)),
    ...request.ipAddresses.map((address) => derElement(contextTag(7, false), address)),
    ...request.uris.map(text(6)),
  ]
}

/** What upstream's signer puts into a certificate; nothing else that was asked for. */
function extensionsFor(
  request: CertificateRequest,
  { keyUsage, extendedKeyUsages }: CertificateTerms,
  authorityKeyIdentifier: Uint8Array,
): readonly Uint8Array[] {
  const names = alternativeNames(request)
  const isNameless = request.commonName === '' && request.organizations.length === 0
  return [
    ...(keyUsage === 0 ? [] : [extension('2.5.29.15', true, keyUsageBits(keyUsage))]),
    ...(extendedKeyUsages.length === 0
      ? []
      : [extension('2.5.29.37', false, derSequence(...extendedKeyUsages.map(derObjectIdentifier)))]),
    extension('2.5.29.19', true, derSequence()),
    extension('2.5.29.35', false, derSequence(derElement(contextTag(0, false), authorityKeyIdentifier))),
    ...(names.length === 0 ? [] : [extension(subjectAlternativeNames, isNameless, derSequence(...names))]),
  ]
}

/** Signs requests with an authority's key. */
export function requestSigner({ certificatePem, keyPem }: KeyPair): RequestSigner {
  const certificate = new X509Certificate(certificatePem)
  const key = createPrivateKey(keyPem)
  const identifier = signatureAlgorithm(key)
  const issuer = subjectOf(certificate)
  const keyId = keyIdentifier(certificate.publicKey.export({ type: 'spki', format: 'der' }))
  return {
    notAfterMs: certificate.validToDate.getTime(),
    sign: (request, terms) => {
      checkSignature(request)
      const body = derSequence(
        derElement(contextTag(0, true), derInteger(Uint8Array.of(2))),
        derInteger(randomBytes(16)),
        identifier,
        issuer,
        derSequence(derTime(terms.notBeforeMs), derTime(terms.notAfterMs)),
        request.subject,
        request.publicKey,
        derElement(contextTag(3, true), derSequence(...extensionsFor(request, terms, keyId))),
      )
      return toPem('CERTIFICATE', signDer(body, key))
    },
  }
}
