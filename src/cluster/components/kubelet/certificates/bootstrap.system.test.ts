import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { Secret } from '../../../../api/core/secret/kind.ts'
import { ClusterRoleBinding } from '../../../../api/rbac/cluster-role-binding/kind.ts'
import { realHost } from '../../../../base/host/real-host.ts'
import { silentLogger } from '../../../../base/logger.ts'
import { createClient } from '../../../../client/create-client.ts'
import { createHttpsTransport } from '../../../../client/https/https-transport.ts'
import { loadKubeconfig, parseKubeconfig } from '../../../../client/https/kubeconfig.ts'
import { Cluster } from '../../../cluster.ts'
import { readKubeconfig } from '../../connection.ts'
import { bootstrapKubeconfig, servingPurpose } from './bootstrap.ts'
import { requestCertificate } from './request-certificate.ts'

const token = { id: 'abcdef', secret: '0123456789abcdef' }
const base64 = (text: string): string => Buffer.from(text).toString('base64')

let cluster: Cluster
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-bootstrap-'))
  cluster = await Cluster.start({ nodes: 1, runtime: 'simulated' })
  await cluster.client.resource(Secret).create({
    metadata: { name: `bootstrap-token-${token.id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: {
      'token-id': base64(token.id),
      'token-secret': base64(token.secret),
      'usage-bootstrap-authentication': base64('true'),
    },
  })
  // As kubeadm has them.
  const bindings = {
    'node-bootstrapper': 'system:bootstrappers',
    'certificates.k8s.io:certificatesigningrequests:nodeclient': 'system:bootstrappers',
    'certificates.k8s.io:certificatesigningrequests:selfnodeclient': 'system:nodes',
  }
  for (const [role, group] of Object.entries(bindings)) {
    await cluster.client.resource(ClusterRoleBinding).create({
      metadata: { name: `bootstrap-${role.split(':').at(-1)}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `system:${role}` },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
    })
  }
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

it('bootstrapKubeconfig() gets a node its certificate by a token, once, and the node renews it by itself', async () => {
  const { server, certificateAuthority = '' } = parseKubeconfig(cluster.kubeconfig, '/')
  const bootstrap = join(folder, 'bootstrap.conf')
  const user = { token: `${token.id}.${token.secret}` }
  writeFileSync(
    bootstrap,
    stringify({
      clusters: [
        { name: 'c', cluster: { server, 'certificate-authority-data': base64(certificateAuthority) } },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  const kubeconfig = join(folder, 'kubelet.conf')
  const options = {
    ...{ logger: silentLogger, nodeName: 'worker', kubeconfig },
    bootstrap: () => readKubeconfig('bootstrap-kubeconfig', bootstrap, undefined),
    certificateFolder: join(folder, 'pki'),
  }
  const { signal } = new AbortController()
  await bootstrapKubeconfig(options, signal)
  const first = loadKubeconfig(kubeconfig)
  await bootstrapKubeconfig(options, signal)
  expect(loadKubeconfig(kubeconfig).clientCertificate).toBe(first.clientCertificate)

  const transport = createHttpsTransport({ host: realHost, ...first })
  const { body } = await transport.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  })
  expect(body).toMatchObject({
    status: {
      userInfo: {
        username: 'system:node:worker',
        groups: expect.arrayContaining(['system:nodes']),
      },
    },
  })
  // What it serves with is for people to approve: nobody has, so nothing is signed.
  const stopped = new AbortController()
  const waiting = requestCertificate(
    createClient(transport),
    servingPurpose('worker', ['worker']),
    stopped.signal,
  )
  stopped.abort()
  await expect(waiting).rejects.toThrow(/was not signed in time/)
  await transport.close()
})
