import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { readCertificateRequest } from '../certificate-request.ts'
import { contextTag, derBitString, derElement, derInteger, derObjectIdentifier, derSequence } from '../der.ts'
import { verifySignature } from './verify-signature.ts'

interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed25519 = generateKeyPairSync('ed25519')

const plain = (id: string): Uint8Array => derSequence(derObjectIdentifier(id))
const pss = derSequence(
  derObjectIdentifier('1.2.840.113549.1.1.10'),
  derSequence(derElement(contextTag(0, true), plain('2.16.840.1.101.3.4.2.1'))),
)

function request({ publicKey }: Pair, algorithm: Uint8Array, signInfo: (info: Uint8Array) => Uint8Array) {
  const key = publicKey.export({ format: 'der', type: 'spki' })
  const info = derSequence(derInteger(Uint8Array.of(0)), derSequence(), key, derElement(contextTag(0, true)))
  return readCertificateRequest(derSequence(info, algorithm, derBitString(signInfo(info))))
}

const padding = constants.RSA_PKCS1_PSS_PADDING
const rows: readonly [string, Pair, Uint8Array, (info: Uint8Array) => Uint8Array][] = [
  ['SHA256-RSA', rsa, plain('1.2.840.113549.1.1.11'), (info) => sign('sha256', info, rsa.privateKey)],
  ['RSA-PSS', rsa, pss, (info) => sign('sha256', info, { key: rsa.privateKey, padding, saltLength: 32 })],
  ['ECDSA-SHA384', ec, plain('1.2.840.10045.4.3.3'), (info) => sign('sha384', info, ec.privateKey)],
  ['Ed25519', ed25519, plain('1.3.101.112'), (info) => sign(null, info, ed25519.privateKey)],
]

for (const [name, pair, algorithm, signInfo] of rows)
  test(`verifySignature() knows what is signed by ${name} from what is not`, () => {
    const { signed } = request(pair, algorithm, signInfo)
    if (typeof signed === 'string') throw new Error(signed)
    expect(verifySignature(signed)).toBe(true)
    expect(verifySignature({ ...signed, data: Uint8Array.of(1) })).toBe(false)
    const other = name === 'Ed25519' ? ec : ed25519
    const publicKey = other.publicKey.export({ format: 'der', type: 'spki' })
    expect(verifySignature({ ...signed, publicKey })).toBe(false)
  })

test('readCertificateRequest() names algorithms that nobody verifies by', () => {
  const none = (): Uint8Array => Uint8Array.of(1)
  expect(request(rsa, plain('1.2.840.113549.1.1.5'), none).signed).toBe('insecure algorithm SHA1-RSA')
  expect(request(rsa, plain('1.2.3'), none).signed).toBe('algorithm unimplemented')
  expect(() => readCertificateRequest(Uint8Array.of(0x30, 0))).toThrow(RangeError)
})
