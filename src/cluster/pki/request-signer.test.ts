import { createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseRequest } from '../../api/certificates/certificate-signing-request/parse-request.ts'
import { requestPem } from '../../api/certificates/certificate-signing-request/testing/request-pem.ts'
import { createAuthority, generateKey } from './certificate.ts'
import { requestSigner } from './request-signer.ts'

const life = { notBeforeMs: Date.UTC(2026, 0, 1), notAfterMs: Date.UTC(2026, 11, 31) }
const authority = createAuthority(generateKey(), { subject: { commonName: 'test-ca' }, ...life })
const key = generateKey()
const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })

function request(signingKey: KeyObject) {
  const parsed = parseRequest(
    requestPem({
      commonName: 'system:node:n1',
      organizations: ['system:nodes'],
      dnsNames: ['n1.test'],
      ipAddresses: [Uint8Array.of(10, 0, 0, 1)],
      publicKey,
      sign: (body) => sign('sha256', body, signingKey),
    }),
  )
  if ('error' in parsed) throw new Error(parsed.error)
  return parsed
}

const terms = {
  keyUsage: 1 | 4,
  extendedKeyUsages: ['1.3.6.1.5.5.7.3.1'],
  notBeforeMs: Date.UTC(2026, 1, 1),
  notAfterMs: Date.UTC(2026, 2, 1),
}

describe('requestSigner()', () => {
  test('signs what was asked for, on the given terms', () => {
    const signer = requestSigner(authority)
    expect(signer.notAfterMs).toBe(life.notAfterMs)
    const certificate = new X509Certificate(signer.sign(request(key), terms))
    const issuer = new X509Certificate(authority.certificatePem)
    expect(certificate.checkIssued(issuer)).toBe(true)
    expect(certificate.verify(issuer.publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(key)).toBe(true)
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:n1')
    expect(certificate.subjectAltName).toBe('DNS:n1.test, IP Address:10.0.0.1')
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(certificate.validFromDate.getTime()).toBe(terms.notBeforeMs)
    expect(certificate.validToDate.getTime()).toBe(terms.notAfterMs)
    expect(certificate.ca).toBe(false)
  })

  test('signs with an RSA key as well', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const keyPem = rsa.export({ type: 'pkcs8', format: 'pem' }).toString()
    const certificatePem = requestSigner(authority).sign(request(key), terms)
    const signed = requestSigner({ certificatePem, keyPem }).sign(request(key), terms)
    expect(new X509Certificate(signed).verify(createPublicKey(rsa))).toBe(true)
  })

  test('refuses a request that is not signed by its own key', () => {
    expect(() => requestSigner(authority).sign(request(generateKey()), terms)).toThrow(
      'unable to verify certificate request signature',
    )
  })
})
