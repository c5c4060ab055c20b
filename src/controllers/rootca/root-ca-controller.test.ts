import { expect, test } from 'vitest'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { rootCaController } from './root-ca-controller.ts'

test('rootCaController publishes the certificate in every namespace, and repairs it', async () => {
  const cluster = new TestCluster()
  cluster.start(rootCaController('PEM'))
  await cluster.create(Namespace, { metadata: { name: 'shop' }, status: { phase: 'Active' } })
  const published = () => cluster.get(ConfigMap, 'shop/kube-root-ca.crt')
  expect((await published()).data).toEqual({ 'ca.crt': 'PEM' })
  expect((await published()).metadata?.annotations?.['kubernetes.io/description']).toContain('CA bundle')
  await cluster.change(ConfigMap, 'shop/kube-root-ca.crt', { data: { 'ca.crt': 'other', extra: 'x' } })
  expect((await published()).data).toEqual({ 'ca.crt': 'PEM' })
  await cluster.do(cluster.client.resource(ConfigMap).delete('shop', 'kube-root-ca.crt'))
  expect((await published()).data).toEqual({ 'ca.crt': 'PEM' })
  await cluster.stop()
})
