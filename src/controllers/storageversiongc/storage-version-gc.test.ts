import { expect, test } from 'vitest'
import { StorageVersion } from '../../api/apiserverinternal/storage-version/kind.ts'
import { Lease } from '../../api/coordination/lease/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { storageVersionGc } from './storage-version-gc.ts'

test('storageVersionGc takes API servers that are gone out of storage versions', async () => {
  const cluster = new TestCluster()
  cluster.start(storageVersionGc)
  const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' }
  for (const name of ['a', 'b'])
    await cluster.create(Lease, { metadata: { name, namespace: 'kube-system', labels }, spec: {} })
  const server = (apiServerID: string, encodingVersion: string) => ({
    apiServerID,
    encodingVersion,
    decodableVersions: [encodingVersion],
  })
  await cluster.create(StorageVersion, {
    metadata: { name: 'apps.deployments' },
    spec: {},
    status: { storageVersions: [server('a', 'apps/v1'), server('b', 'apps/v2'), server('x', 'apps/v3')] },
  })
  const status = async () => (await cluster.get(StorageVersion, 'apps.deployments')).status
  expect(await status()).toMatchObject({
    storageVersions: [{ apiServerID: 'a' }, { apiServerID: 'b' }],
    conditions: [{ status: 'False', reason: 'CommonEncodingVersionUnset' }],
  })
  await cluster.do(cluster.client.resource(Lease).delete('kube-system', 'b'))
  expect(await status()).toMatchObject({
    storageVersions: [{ apiServerID: 'a' }],
    commonEncodingVersion: 'apps/v1',
    conditions: [{ status: 'True', reason: 'CommonEncodingVersionSet' }],
  })
  await cluster.do(cluster.client.resource(Lease).delete('kube-system', 'a'))
  expect(await cluster.list(StorageVersion)).toEqual([])
  await cluster.stop()
})
