import { afterEach, beforeEach, expect, test } from 'vitest'
import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import { requestPem } from '../../api/certificates/certificate-signing-request/testing/request-pem.ts'
import { Node } from '../../api/core/node/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { kubeletServingApprovingController } from './kubelet-serving-approving-controller.ts'

let cluster: TestCluster
beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(kubeletServingApprovingController)
})
afterEach(() => cluster.stop())

const ask = (username: string, commonName = username) =>
  cluster.create(CertificateSigningRequest, {
    metadata: { name: 'r' },
    spec: {
      request: requestPem({
        commonName,
        organizations: ['system:nodes'],
        dnsNames: ['n1'],
        ipAddresses: [Uint8Array.of(10, 1, 0, 1)],
      }),
      signerName: 'kubernetes.io/kubelet-serving',
      username,
      usages: ['digital signature', 'server auth'],
    },
  })

const approvals = () => cluster.api.requests.filter(({ path }) => path.endsWith('/r/approval'))

test('kubeletServingApprovingController approves a node that asks for itself, once its Node says its addresses', async () => {
  await ask('system:node:n1')
  expect(approvals()).toEqual([])
  await cluster.create(Node, {
    metadata: { name: 'n1' },
    status: { addresses: [{ type: 'InternalIP', address: '10.1.0.1' }] },
  })
  await cluster.host.advance(1_000)
  expect(approvals()).toHaveLength(1)
})

test('kubeletServingApprovingController leaves what somebody else asks for alone', async () => {
  await cluster.create(Node, {
    metadata: { name: 'n1' },
    status: { addresses: [{ type: 'InternalIP', address: '10.1.0.1' }] },
  })
  await ask('jane', 'system:node:n1')
  await cluster.host.advance(1_000)
  expect(approvals()).toEqual([])
})
