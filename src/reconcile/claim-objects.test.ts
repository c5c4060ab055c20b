import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReplicaSet } from '../api/apps/replica-set/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import type { core } from '../api/generated/types/index.ts'
import { claimObjects } from './claim-objects.ts'
import { controllerReference } from './owner-references.ts'
import { TestCluster } from './testing/test-cluster.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
})

afterEach(() => cluster.stop())

const set = { metadata: { name: 'web', namespace: 'default', uid: 'u1' } }
const other = { metadata: { name: 'other', namespace: 'default', uid: 'u2' } }
const references = (owner: object) => [controllerReference(ReplicaSet, owner)]

const makePod = (name: string, app: string, owner?: object): Promise<core.v1.Pod> => {
  const ownerReferences = owner === undefined ? {} : { ownerReferences: references(owner) }
  return cluster.create(Pod, {
    metadata: { name, namespace: 'default', labels: { app }, ...ownerReferences },
  })
}

async function claim(candidates: readonly core.v1.Pod[], owner: object = set, live: object = owner) {
  const claimed = await cluster.do(
    claimObjects({
      ownerKind: ReplicaSet,
      owner,
      liveOwner: async () => live,
      candidates,
      matches: (pod) => pod.metadata?.labels?.app === 'web',
      api: cluster.client.resource(Pod),
    }),
  )
  return claimed.map((pod) => pod.metadata?.name)
}

test('claimObjects() keeps its own, adopts orphans, releases what does not match, ignores the rest', async () => {
  const candidates = [
    await makePod('own', 'web', set),
    await makePod('orphan', 'web'),
    await makePod('changed', 'api', set),
    await makePod('foreign', 'web', other),
    await makePod('stranger', 'api'),
  ]
  expect(await claim(candidates)).toEqual(['own', 'orphan'])
  expect((await cluster.get(Pod, 'default/orphan')).metadata?.ownerReferences).toEqual(references(set))
  expect((await cluster.get(Pod, 'default/changed')).metadata?.ownerReferences).toEqual([])
  expect((await cluster.get(Pod, 'default/foreign')).metadata?.ownerReferences).toEqual(references(other))
})

test('claimObjects() neither adopts nor releases for an owner that is being deleted', async () => {
  const going = { metadata: { ...set.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
  const candidates = [
    await makePod('own', 'web', set),
    await makePod('orphan', 'web'),
    await makePod('changed', 'api', set),
  ]
  const writesBefore = cluster.api.writes().length
  expect(await claim(candidates, going)).toEqual(['own'])
  expect(cluster.api.writes()).toHaveLength(writesBefore)
})

test('claimObjects() adopts nothing for an owner that the server does not have any more', async () => {
  const orphan = await makePod('orphan', 'web')
  await expect(claim([orphan], set, other)).rejects.toThrow(
    'original ReplicaSet default/web is gone: got uid u2, wanted u1',
  )
})

test('claimObjects() takes a deletion in between for granted', async () => {
  const orphan = await makePod('orphan', 'web')
  await cluster.do(cluster.client.resource(Pod).delete('default', 'orphan'))
  expect(await claim([orphan])).toEqual([])
})
