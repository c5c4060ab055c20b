import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import { requestPem } from '../../api/certificates/certificate-signing-request/testing/request-pem.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { csrSigningController } from './csr-signing-controller.ts'
import { usageTerms } from './key-usages.ts'
import { oneSigner, planValidity } from './plan-certificate.ts'
import type { CertificateTerms } from './request-signer.ts'

const hourMs = 3_600_000

describe('planValidity()', () => {
  const nowMs = 1_000 * hourMs
  const yearMs = 8_760 * hourMs
  test.each([
    [undefined, 100_000, -300_000, yearMs - 300_000],
    [3_600, 100_000, -300_000, hourMs],
    [60, 100_000, -300_000, 600_000],
    [86_400, 100_000, -300_000, 24 * hourMs - 300_000],
    [2 * 31_536_000, 100_000, -300_000, yearMs - 300_000],
    [undefined, 5, -300_000, 5 * hourMs],
  ])('for %s seconds of a signer with %i hours left', (seconds, hoursLeft, from, to) => {
    const { notBeforeMs, notAfterMs } = planValidity(seconds, yearMs, nowMs + hoursLeft * hourMs, nowMs)
    expect([notBeforeMs - nowMs, notAfterMs - nowMs]).toEqual([from, to])
  })

  test('refuses once the signer has expired', () => {
    expect(() => planValidity(undefined, yearMs, nowMs - hourMs, nowMs)).toThrow('the signer has expired')
    expect(() => planValidity(undefined, yearMs, nowMs - 1, nowMs)).toThrow('refusing to sign')
  })
})

test('usageTerms() sorts usages into bits and identifiers', () => {
  expect(usageTerms(['server auth', 'signing', 'key encipherment', 'client auth', 'decipher only'])).toEqual({
    keyUsage: 261,
    extendedKeyUsages: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
  })
})

describe('csrSigningController()', () => {
  let cluster: TestCluster
  let signed: CertificateTerms[]
  beforeEach(() => {
    cluster = new TestCluster()
    signed = []
    const signer = {
      notAfterMs: cluster.host.now() + 100_000 * hourMs,
      sign: (_request: unknown, terms: CertificateTerms) => {
        signed.push(terms)
        return 'PEM'
      },
    }
    cluster.start(csrSigningController({ signers: oneSigner(signer) }))
  })
  afterEach(() => cluster.stop())

  const ask = (signerName: string, usages: string[], decision = 'Approved') =>
    cluster.create(CertificateSigningRequest, {
      metadata: { name: 'r' },
      spec: { request: requestPem({ commonName: 'jane' }), signerName, usages, expirationSeconds: 3_600 },
      status: { conditions: [{ type: decision, status: 'True' }] },
    })
  const status = async () => (await cluster.get(CertificateSigningRequest, 'r')).status

  test('signs what is approved', async () => {
    await ask('kubernetes.io/kube-apiserver-client', ['client auth'])
    expect((await status())?.certificate).toBe(btoa('PEM'))
    expect(signed).toMatchObject([{ keyUsage: 0, extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'] }])
  })

  test('says what it does not sign', async () => {
    await ask('kubernetes.io/kube-apiserver-client', ['server auth'])
    expect((await status())?.conditions?.[1]).toMatchObject({
      type: 'Failed',
      reason: 'SignerValidationFailure',
      message: 'invalid usage for client certificate: server auth',
    })
    expect(signed).toEqual([])
  })

  test.each([
    ['example.com/other', 'Approved'],
    ['kubernetes.io/kube-apiserver-client', 'Denied'],
  ])('leaves a request to %s alone that is %s', async (signerName, decision) => {
    await ask(signerName, ['client auth'], decision)
    expect(signed).toEqual([])
  })
})
