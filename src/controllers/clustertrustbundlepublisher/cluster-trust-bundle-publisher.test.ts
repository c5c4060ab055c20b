import { expect, test } from 'vitest'
import { ClusterTrustBundle } from '../../api/certificates/cluster-trust-bundle/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { clusterTrustBundlePublisher } from './cluster-trust-bundle-publisher.ts'

test('clusterTrustBundlePublisher() keeps one bundle with the certificate', async () => {
  const cluster = new TestCluster()
  const spec = { signerName: 'kubernetes.io/kube-apiserver-serving', trustBundle: 'OLD' }
  await cluster.create(ClusterTrustBundle, { metadata: { name: 'old' }, spec })
  cluster.start(clusterTrustBundlePublisher('PEM'))
  await cluster.host.advance(100)
  const bundles = async () => await cluster.list(ClusterTrustBundle)
  const [bundle] = await bundles()
  expect(await bundles()).toHaveLength(1)
  expect(bundle?.spec.trustBundle).toBe('PEM')
  expect(bundle?.metadata?.name).toMatch(/^kubernetes\.io:kube-apiserver-serving:[0-9a-f]{24}$/)
  const name = bundle?.metadata?.name ?? ''
  await cluster.change(ClusterTrustBundle, name, { spec: { trustBundle: 'OTHER' } })
  expect((await bundles())[0]?.spec.trustBundle).toBe('PEM')
  await cluster.stop()
})
