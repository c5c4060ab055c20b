import { afterEach, beforeEach, expect, test } from 'vitest'
import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import { requestPem } from '../../api/certificates/certificate-signing-request/testing/request-pem.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { csrApprovingController } from './csr-approving-controller.ts'

let cluster: TestCluster
/** What the requester may create. */
let allowed: Set<string>

beforeEach(() => {
  cluster = new TestCluster()
  allowed = new Set()
  cluster.api.interceptors.push(({ path, body }) => {
    if (!path.endsWith('/subjectaccessreviews')) return undefined
    const { spec } = body as { spec: { resourceAttributes: { subresource: string } } }
    return { status: { allowed: allowed.has(spec.resourceAttributes.subresource) } }
  })
  cluster.start(csrApprovingController)
})
afterEach(() => cluster.stop())

const ask = (username: string, signerName = 'kubernetes.io/kube-apiserver-client-kubelet') =>
  cluster.create(CertificateSigningRequest, {
    metadata: { name: 'r' },
    spec: {
      request: requestPem({ commonName: 'system:node:n1', organizations: ['system:nodes'] }),
      signerName,
      username,
      usages: ['digital signature', 'client auth'],
    },
  })

const approvals = () =>
  cluster.api.requests
    .filter(({ path }) => path.endsWith('/r/approval'))
    .map(({ body }) => (body as { status: { conditions: object[] } }).status.conditions)

test('csrApprovingController approves a node that asks for itself', async () => {
  allowed.add('selfnodeclient')
  await ask('system:node:n1')
  expect(approvals()[0]).toEqual([
    {
      type: 'Approved',
      status: 'True',
      reason: 'AutoApproved',
      message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    },
  ])
})

test('csrApprovingController asks again whether somebody may', async () => {
  allowed.add('selfnodeclient')
  await ask('system:bootstrap:abcdef')
  expect(approvals()).toEqual([])
  allowed.add('nodeclient')
  await cluster.host.advance(1_000)
  expect(approvals()).not.toEqual([])
})

test('csrApprovingController leaves other signers’ requests alone', async () => {
  allowed.add('nodeclient')
  await ask('system:node:n1', 'kubernetes.io/kubelet-serving')
  expect(approvals()).toEqual([])
})
