import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { bootstrapSignerController } from './bootstrap-signer-controller.ts'

let cluster: TestCluster
beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(bootstrapSignerController)
})
afterEach(() => cluster.stop())

const addToken = (id: string, more: Readonly<Record<string, string>> = {}) => {
  const data = {
    'token-id': id,
    'token-secret': 'secret-of-a-token',
    'usage-bootstrap-signing': 'true',
    ...more,
  }
  return cluster.create(Secret, {
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)])),
  })
}

const info = async () => (await cluster.get(ConfigMap, 'kube-public/cluster-info')).data ?? {}

test('bootstrapSignerController signs cluster-info with the tokens that are good for it', async () => {
  await cluster.create(ConfigMap, {
    metadata: { name: 'cluster-info', namespace: 'kube-public' },
    data: { kubeconfig: 'content', 'jws-kubeconfig-gone00': 'old' },
  })
  await addToken('abcdef')
  await addToken('unused', { 'usage-bootstrap-signing': 'false' })
  const expiration = formatTime(cluster.host.now() + 60_000)
  await addToken('brief0', { expiration })
  const header = Buffer.from('{"alg":"HS256","kid":"abcdef"}').toString('base64url')
  const signed = `${header}.${Buffer.from('content').toString('base64url')}`
  const signature = createHmac('sha256', 'secret-of-a-token').update(signed).digest('base64url')
  expect(await info()).toEqual({
    kubeconfig: 'content',
    'jws-kubeconfig-abcdef': `${header}..${signature}`,
    'jws-kubeconfig-brief0': expect.any(String),
  })
  await cluster.host.advance(61_000)
  expect(Object.keys(await info())).toEqual(['kubeconfig', 'jws-kubeconfig-abcdef'])
})
