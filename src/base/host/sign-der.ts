import { type KeyObject, sign } from 'node:crypto'
import { derBitString, derElement, derObjectIdentifier, derSequence, derTags } from '../der.ts'

interface SignatureAlgorithm {
  /** Absent: the key's own. */
  readonly hash: string | undefined
  readonly identifier: string
}

const curves: Readonly<Record<string, SignatureAlgorithm>> = {
  prime256v1: { hash: 'sha256', identifier: '1.2.840.10045.4.3.2' },
  secp384r1: { hash: 'sha384', identifier: '1.2.840.10045.4.3.3' },
  secp521r1: { hash: 'sha512', identifier: '1.2.840.10045.4.3.4' },
}

/** Throws an Error for keys that X.509 has no common algorithm for. */
function algorithmOf(key: KeyObject): SignatureAlgorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'rsa') return { hash: 'sha256', identifier: '1.2.840.113549.1.1.11' }
  if (type === 'ed25519') return { hash: undefined, identifier: '1.3.101.112' }
  const curve = curves[details?.namedCurve ?? '']
  if (type !== 'ec' || curve === undefined) throw new Error(`cannot sign with a key of type ${type}`)
  return curve
}

/** What a private key signs with, as Go chooses; an AlgorithmIdentifier, DER. Throws an Error for keys of other sorts. */
export const signatureAlgorithm = (key: KeyObject): Uint8Array =>
  derSequence(
    derObjectIdentifier(algorithmOf(key).identifier),
    // RSA's algorithms have NULL for a parameter, the others none.
    ...(key.asymmetricKeyType === 'rsa' ? [derElement(derTags.null)] : []),
  )

/** A certificate or a request for one: what it says, how it is signed, the signature. */
export const signDer = (body: Uint8Array, key: KeyObject): Uint8Array =>
  derSequence(body, signatureAlgorithm(key), derBitString(sign(algorithmOf(key).hash, body, key)))
