import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { requestPem } from '../../../src/api/certificates/certificate-signing-request/testing/request-pem.ts'

/** The request of a certificate for somebody, as the API takes it. */
export function certificateRequest(commonName: string, organizations: readonly string[]): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return requestPem({
    commonName,
    organizations,
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    sign: (body) => sign('sha256', body, privateKey),
  })
}
