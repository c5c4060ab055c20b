import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  contextTag,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
  derSet,
} from '../../base/der.ts'
import { signDer } from '../../base/host/sign-der.ts'
import { toPem } from '../../base/pem.ts'
import { subjectAlternativeNames } from '../../base/x509.ts'
import { distinguishedName, extension, generalName, type Subject } from './certificate.ts'

const extensionRequest = '1.2.840.113549.1.9.14'

/** A request for a certificate of `key` (PKCS #10, RFC 2986), PEM. `names` are those that it is to serve. */
export function createCertificateRequest(
  key: KeyObject,
  subject: Subject,
  names: readonly string[] = [],
): string {
  const wanted = extension(subjectAlternativeNames, false, derSequence(...names.map(generalName)))
  const attributes =
    names.length === 0
      ? []
      : [derSequence(derObjectIdentifier(extensionRequest), derSet(derSequence(wanted)))]
  const body = derSequence(
    derInteger(Uint8Array.of(0)),
    distinguishedName(subject),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    derElement(contextTag(0, true), ...attributes),
  )
  return toPem('CERTIFICATE REQUEST', signDer(body, key))
}
