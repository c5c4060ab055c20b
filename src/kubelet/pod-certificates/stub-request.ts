import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { goQuote } from '../../apimachinery/go-text.ts'
import { contextTag, derElement, derInteger, derSequence } from '../../base/der.ts'
import { signDer } from '../../base/host/sign-der.ts'

/** A private key, and a request signed with it that says nothing but its public key. */
export interface StubRequest {
  /** PKCS #8, PEM. */
  readonly keyPem: string
  /** PKCS #10, DER. */
  readonly request: Uint8Array
}

const generate = promisify(generateKeyPair)

type MakeKey = () => Promise<{ readonly privateKey: KeyObject }>

/** By the names of the API. */
const keyTypes: ReadonlyMap<string, MakeKey> = new Map<string, MakeKey>([
  ['RSA3072', () => generate('rsa', { modulusLength: 3072 })],
  ['RSA4096', () => generate('rsa', { modulusLength: 4096 })],
  ['ECDSAP256', () => generate('ec', { namedCurve: 'P-256' })],
  ['ECDSAP384', () => generate('ec', { namedCurve: 'P-384' })],
  ['ECDSAP521', () => generate('ec', { namedCurve: 'P-521' })],
  ['ED25519', () => generate('ed25519')],
])

/** A new key, made beside the event loop. Rejects with upstream's text for types that the API does not have. */
export async function makeStubRequest(keyType: string): Promise<StubRequest> {
  const make = keyTypes.get(keyType)
  if (make === undefined) throw new Error(`unknown key type ${goQuote(keyType)}`)
  const { privateKey } = await make()
  const body = derSequence(
    derInteger(Uint8Array.of(0)),
    derSequence(),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    derElement(contextTag(0, true)),
  )
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    request: signDer(body, privateKey),
  }
}
