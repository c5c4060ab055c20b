import { expect, test } from 'vitest'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { serviceAccountController } from './service-account-controller.ts'

test('serviceAccountController gives every active namespace its default account, again after its deletion', async () => {
  const cluster = new TestCluster()
  cluster.start(serviceAccountController)
  await cluster.create(Namespace, { metadata: { name: 'shop' }, status: { phase: 'Active' } })
  await cluster.create(Namespace, { metadata: { name: 'going' }, status: { phase: 'Terminating' } })
  const accounts = async () =>
    (await cluster.list(ServiceAccount)).map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)
  expect(await accounts()).toEqual(['shop/default'])
  await cluster.do(cluster.client.resource(ServiceAccount).delete('shop', 'default'))
  expect(await accounts()).toEqual(['shop/default'])
  await cluster.stop()
})
