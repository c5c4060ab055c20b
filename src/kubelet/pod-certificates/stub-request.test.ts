import { createPrivateKey, createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { readCertificateRequest } from '../../base/certificate-request.ts'
import { verifySignature } from '../../base/host/verify-signature.ts'
import { makeStubRequest } from './stub-request.ts'

test.each(['RSA3072', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'])(
  'makeStubRequest() asks for nothing but a certificate of its %s key',
  async (type) => {
    const { keyPem, request } = await makeStubRequest(type)
    const { publicKey, signed, dnsNames, commonName } = readCertificateRequest(request)
    expect(typeof signed !== 'string' && verifySignature(signed)).toBe(true)
    expect([dnsNames, commonName]).toEqual([[], ''])
    const own = createPublicKey(createPrivateKey(keyPem)).export({ type: 'spki', format: 'der' })
    expect(Buffer.from(publicKey).equals(own)).toBe(true)
  },
)

test('makeStubRequest() refuses types that the API does not have', async () => {
  await expect(makeStubRequest('DSA')).rejects.toThrow('unknown key type "DSA"')
})
