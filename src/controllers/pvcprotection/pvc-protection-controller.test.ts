import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { usesClaim } from './claim-use.ts'
import { pvcProtectionController } from './pvc-protection-controller.ts'

const finalizer = 'kubernetes.io/pvc-protection'
const metadata = { name: 'data', namespace: 'default' }
const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]
const onNode = { containers: [], nodeName: 'n', volumes }

describe('usesClaim()', () => {
  const owned: core.v1.PersistentVolumeClaim = {
    metadata: {
      name: 'p-v',
      namespace: 'default',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }],
    },
  }
  const ephemeral = { ...onNode, volumes: [{ name: 'v', ephemeral: {} }] }
  const at = (pod: object, spec: core.v1.PodSpec = onNode) => ({
    metadata: { name: 'p', namespace: 'default', uid: 'u', ...pod },
    spec,
  })
  const shutDown = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }
  test.each([
    ['a pod on a node', at({}), { metadata }, true],
    ['a pod on no node', at({}, { containers: [], volumes }), { metadata }, false],
    ['a pod that is shut down', at(shutDown), { metadata }, true],
    ['the owner of an ephemeral claim', at({}, ephemeral), owned, true],
    ['another pod of that name', at({ uid: 'x' }, ephemeral), owned, false],
    ['the owner, shut down', at(shutDown, ephemeral), owned, false],
  ])('by %s', (_, pod, claim, wanted) => {
    expect(usesClaim(pod, claim)).toBe(wanted)
  })
})

describe('pvcProtectionController', () => {
  let cluster: TestCluster
  beforeEach(() => {
    cluster = new TestCluster()
    cluster.start(pvcProtectionController)
  })
  afterEach(() => cluster.stop())

  const names = async () => (await cluster.list(PersistentVolumeClaim)).map((claim) => claim.metadata?.name)
  const remove = (name = 'data') =>
    cluster.do(cluster.client.resource(PersistentVolumeClaim).delete('default', name))

  test('keeps a claim until its last pod is gone', async () => {
    await cluster.create(Pod, { metadata: { name: 'p', namespace: 'default' }, spec: onNode })
    await cluster.create(PersistentVolumeClaim, { metadata })
    const claim = await cluster.get(PersistentVolumeClaim, 'default/data')
    expect(claim.metadata?.finalizers).toEqual([finalizer])
    await remove()
    expect(await names()).toEqual(['data'])
    await cluster.do(cluster.client.resource(Pod).delete('default', 'p'))
    expect(await names()).toEqual([])
  })

  test('asks the server once for all claims of a namespace that go', async () => {
    for (const name of ['a', 'b', 'c'])
      await cluster.create(PersistentVolumeClaim, {
        metadata: { name, namespace: 'default', finalizers: [finalizer, 'test/other'] },
      })
    await cluster.do(
      cluster.client.resource(PersistentVolumeClaim).deleteCollection({ namespace: 'default' }),
    )
    const lists = cluster.api.requests.filter(
      ({ method, path, query }) => method === 'GET' && path.endsWith('default/pods') && !query?.watch,
    )
    expect(lists).toHaveLength(1)
    const left = await cluster.list(PersistentVolumeClaim)
    expect(left.map((claim) => claim.metadata?.finalizers)).toEqual(Array(3).fill(['test/other']))
  })
})
