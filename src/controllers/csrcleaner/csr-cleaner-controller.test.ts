import { describe, expect, test } from 'vitest'
import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { csrCleanerController } from './csr-cleaner-controller.ts'
import { expiresAtMs } from './expiry.ts'

const hourMs = 3_600_000
const madeMs = 1_000 * hourMs

describe('expiresAtMs()', () => {
  const condition = (type: string) => ({ type, status: 'True', lastUpdateTime: formatTime(madeMs) })
  test.each([
    [{}, 24],
    [{ conditions: [condition('Denied')] }, 1],
    [{ conditions: [condition('Approved'), condition('Failed')] }, 1],
    [{ conditions: [condition('Approved')] }, 24],
    [{ conditions: [condition('Approved')], certificate: btoa('PEM') }, 1],
  ])('with %j is %i hours later', (status, hours) => {
    const metadata = { creationTimestamp: formatTime(madeMs) }
    const spec = { request: '', signerName: '' }
    expect(expiresAtMs({ metadata, spec, status })).toBe(madeMs + hours * hourMs)
  })
})

test('csrCleanerController removes a request when its time is over', async () => {
  const cluster = new TestCluster()
  cluster.start(csrCleanerController)
  await cluster.create(CertificateSigningRequest, {
    metadata: { name: 'r' },
    spec: { request: '', signerName: 'kubernetes.io/kube-apiserver-client' },
  })
  await cluster.host.advance(23 * hourMs)
  expect(await cluster.list(CertificateSigningRequest)).toHaveLength(1)
  await cluster.host.advance(hourMs)
  expect(await cluster.list(CertificateSigningRequest)).toEqual([])
  await cluster.stop()
})
