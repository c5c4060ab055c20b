import { expect, test } from 'vitest'
import { Secret } from '../../api/core/secret/kind.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { tokenCleanerController } from './token-cleaner-controller.ts'

test('tokenCleanerController removes tokens when they are over', async () => {
  const cluster = new TestCluster()
  cluster.start(tokenCleanerController)
  const add = (name: string, expiration?: string) =>
    cluster.create(Secret, {
      metadata: { name, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      ...(expiration === undefined ? {} : { data: { expiration: btoa(expiration) } }),
    })
  const names = async () => (await cluster.list(Secret)).map(({ metadata }) => metadata?.name)
  await add('forever')
  await add('unreadable', 'tomorrow')
  await add('brief', formatTime(cluster.host.now() + 60_000))
  expect(await names()).toEqual(['forever', 'brief'])
  await cluster.host.advance(60_000)
  expect(await names()).toEqual(['forever'])
  await cluster.stop()
})
