import { expect, test } from 'vitest'
import { PodCertificateRequest } from '../../api/certificates/pod-certificate-request/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { podCertificateRequestCleaner } from './pod-certificate-request-cleaner.ts'

const minuteMs = 60_000

test('podCertificateRequestCleaner removes a request after a quarter of an hour', async () => {
  const cluster = new TestCluster()
  cluster.start(podCertificateRequestCleaner)
  const spec = {
    signerName: 'example.com/signer',
    podName: 'p',
    podUID: 'u',
    serviceAccountName: 'default',
    serviceAccountUID: 'v',
    nodeName: 'n',
    nodeUID: 'w',
    pkixPublicKey: '',
    proofOfPossession: '',
    stubPKCS10Request: '',
  }
  await cluster.create(PodCertificateRequest, { metadata: { name: 'r', namespace: 'default' }, spec })
  await cluster.host.advance(14 * minuteMs)
  expect(await cluster.list(PodCertificateRequest)).toHaveLength(1)
  await cluster.host.advance(minuteMs)
  expect(await cluster.list(PodCertificateRequest)).toEqual([])
  await cluster.stop()
})
