import { afterEach, beforeEach, expect, test } from 'vitest'
import { Deployment } from '../../api/apps/deployment/kind.ts'
import { ReplicaSet } from '../../api/apps/replica-set/kind.ts'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { defineKind, type KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject, OwnerReference } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { apiVersionOf } from '../../client/resource-path.ts'
import type { AnyKind } from '../../reconcile/controller.ts'
import { fixedKinds } from '../../reconcile/kind-source.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { garbageCollector } from './garbage-collector.ts'

let cluster: TestCluster

const kinds: readonly AnyKind[] = [Pod, ReplicaSet, Deployment, ConfigMap, Node]

beforeEach(() => {
  cluster = new TestCluster()
})

afterEach(() => cluster.stop())

const start = () => cluster.start(garbageCollector({ kinds: fixedKinds(kinds) }))

const owner = (kind: AnyKind, object: KubernetesObject, blocks = true): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: object.metadata?.name ?? '',
  uid: object.metadata?.uid ?? '',
  blockOwnerDeletion: blocks,
})

function make<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  name: string,
  owners: readonly OwnerReference[] = [],
  namespace = 'default',
): Promise<KubernetesObject> {
  const metadata = { name, ownerReferences: owners, ...(kind.namespaced ? { namespace } : {}) }
  return cluster.create<KubernetesObject>(kind, { metadata })
}

const remove = (kind: AnyKind, name: string, propagationPolicy = 'Background') =>
  cluster.do(
    cluster.client.resource(kind).delete(kind.namespaced ? 'default' : '', name, { propagationPolicy }),
  )

const names = async (): Promise<readonly string[]> => {
  const all: string[] = []
  for (const kind of kinds) {
    for (const { metadata } of await cluster.list<KubernetesObject>(kind)) all.push(metadata?.name ?? '')
  }
  return all.sort()
}

test('garbageCollector deletes the dependents of what was deleted, and theirs', async () => {
  start()
  const deployment = await make(Deployment, 'web')
  const set = await make(ReplicaSet, 'web-1', [owner(Deployment, deployment)])
  await make(Pod, 'web-1-a', [owner(ReplicaSet, set)])
  await make(Pod, 'web-1-b', [owner(ReplicaSet, set)])
  await make(Pod, 'other')
  await remove(Deployment, 'web')
  expect(await names()).toEqual(['other'])
})

test('garbageCollector finds at its start what was left behind', async () => {
  const gone = { metadata: { name: 'gone', uid: 'gone-uid' } }
  await make(Pod, 'left', [owner(ReplicaSet, gone)])
  await make(Pod, 'kept')
  start()
  await cluster.host.advance(1_000)
  expect(await names()).toEqual(['kept'])
})

test('garbageCollector keeps what has another owner, without the reference to the one that is gone', async () => {
  start()
  const a = await make(ConfigMap, 'a')
  const b = await make(ConfigMap, 'b')
  await make(Pod, 'shared', [owner(ConfigMap, a), owner(ConfigMap, b)])
  await remove(ConfigMap, 'a')
  expect(await names()).toEqual(['b', 'shared'])
  expect((await cluster.get(Pod, 'default/shared')).metadata?.ownerReferences).toEqual([owner(ConfigMap, b)])
})

test('garbageCollector deletes the dependents first in the foreground, those that block', async () => {
  start()
  const deployment = await make(Deployment, 'web')
  const set = await make(ReplicaSet, 'web-1', [owner(Deployment, deployment)])
  const blocking = await make(Pod, 'blocking', [owner(ReplicaSet, set)])
  await make(Pod, 'not-blocking', [owner(ReplicaSet, set, false)])
  await cluster.change(Pod, 'default/blocking', { metadata: { finalizers: ['test/hold'] } })
  await remove(Deployment, 'web', 'Foreground')
  expect(await names()).toEqual(['blocking', 'web', 'web-1'])
  expect((await cluster.get(ReplicaSet, 'default/web-1')).metadata?.finalizers).toEqual([
    'foregroundDeletion',
  ])
  await cluster.change(Pod, 'default/blocking', { metadata: { finalizers: [] } })
  expect(blocking.metadata?.name).toBe('blocking')
  expect(await names()).toEqual([])
})

test('garbageCollector orphans dependents where that is asked for', async () => {
  start()
  const deployment = await make(Deployment, 'web')
  const set = await make(ReplicaSet, 'web-1', [owner(Deployment, deployment)])
  await make(Pod, 'web-1-a', [owner(ReplicaSet, set)])
  await remove(Deployment, 'web', 'Orphan')
  expect(await names()).toEqual(['web-1', 'web-1-a'])
  expect((await cluster.get(ReplicaSet, 'default/web-1')).metadata?.ownerReferences).toEqual([])
})

test('garbageCollector resolves a circle of owners that wait for each other', async () => {
  start()
  const a = await make(ConfigMap, 'a')
  const b = await make(ConfigMap, 'b', [owner(ConfigMap, a)])
  await cluster.change(ConfigMap, 'default/a', { metadata: { ownerReferences: [owner(ConfigMap, b)] } })
  await remove(ConfigMap, 'a', 'Foreground')
  await cluster.host.advance(1_000)
  expect(await names()).toEqual([])
})

test('garbageCollector deletes what names an owner of another namespace, and says so', async () => {
  start()
  const far = await make(ConfigMap, 'far', [], 'elsewhere')
  await make(Pod, 'lost', [owner(ConfigMap, far)])
  await cluster.host.advance(1_000)
  expect(await names()).toEqual(['far'])
  expect(await cluster.events()).toEqual([
    `Warning OwnerRefInvalidNamespace ownerRef [v1/ConfigMap, namespace: default, name: far, uid: ${far.metadata?.uid}] does not exist in namespace "default"`,
  ])
})

test('garbageCollector leaves a cluster-scoped object alone whose owner is namespaced', async () => {
  start()
  const map = await make(ConfigMap, 'a')
  await make(Node, 'n1', [owner(ConfigMap, map)])
  await remove(ConfigMap, 'a')
  await cluster.host.advance(1_000)
  expect(await names()).toContain('n1')
})

test('garbageCollector lets namespaced objects have cluster-scoped owners', async () => {
  start()
  const node = await make(Node, 'n1')
  await make(Pod, 'mirror', [owner(Node, node)])
  await cluster.host.advance(1_000)
  expect(await names()).toEqual(['mirror', 'n1'])
  await remove(Node, 'n1')
  expect(await names()).toEqual([])
})

test('garbageCollector deletes the dependents of an owner that was replaced under its name', async () => {
  const first = await make(ConfigMap, 'a')
  await make(Pod, 'p', [owner(ConfigMap, first)])
  await remove(ConfigMap, 'a')
  await make(ConfigMap, 'a')
  start()
  await cluster.host.advance(1_000)
  expect(await names()).toEqual(['a'])
})

test('garbageCollector tries again after failures, and does nothing at rest', async () => {
  start()
  const set = await make(ReplicaSet, 'web')
  await make(Pod, 'p', [owner(ReplicaSet, set)])
  let failures = 3
  cluster.api.interceptors.push(({ method, path }) => {
    if (method === 'DELETE' && path.endsWith('/pods/p') && failures-- > 0) throw new Error('no luck')
    return undefined
  })
  await remove(ReplicaSet, 'web')
  expect(await names()).toEqual([])
  const requests = cluster.api.requests.length
  await cluster.host.advance(200_000)
  expect(cluster.api.requests.length).toBe(requests)
})

/** Kinds that come and go. */
function changingKinds(first: readonly AnyKind[]) {
  let list = first
  const handlers: (() => void)[] = []
  const source = {
    ...fixedKinds([]),
    list: () => list,
    onChange: (handler: () => void) => {
      handlers.push(handler)
      return () => {}
    },
  }
  const change = async (next: readonly AnyKind[]): Promise<void> => {
    list = next
    for (const handler of handlers) handler()
    await cluster.host.advance(1_000)
  }
  return { source, change }
}

const CartV1: AnyKind = defineKind({
  ...{ group: 'shop.test', version: 'v1', kind: 'Cart', resource: 'carts', namespaced: true },
  schema: '',
})
const CartV2: AnyKind = defineKind({ ...CartV1, version: 'v2' })

test('garbageCollector follows kinds as they come', async () => {
  const { source, change } = changingKinds(kinds)
  cluster.start(garbageCollector({ kinds: source }))
  const cart = await make(CartV1, 'cart')
  await make(Pod, 'p', [owner(CartV1, cart)])
  await cluster.host.advance(1_000)
  await change([...kinds, CartV1])
  expect(await names()).toEqual(['p'])
  await remove(CartV1, 'cart')
  await cluster.host.advance(1_000)
  expect(await names()).toEqual([])
})

test('garbageCollector keeps dependents while the version of their owner changes, or its kind is not served', async () => {
  const { source, change } = changingKinds([...kinds, CartV1])
  cluster.start(garbageCollector({ kinds: source }))
  const cart = await make(CartV1, 'cart')
  await make(Pod, 'p', [owner(CartV1, cart)])
  await change([...kinds, CartV2, CartV1])
  await change([...kinds, CartV2])
  await change(kinds)
  await change([...kinds, CartV1])
  expect(await names()).toEqual(['p'])
  await remove(CartV1, 'cart')
  expect(await names()).toEqual([])
})

test('garbageCollector learns of owners that were deleted while their kind was not followed', async () => {
  const { source, change } = changingKinds([...kinds, CartV1])
  cluster.start(garbageCollector({ kinds: source }))
  const cart = await make(CartV1, 'cart')
  await make(Pod, 'p', [owner(CartV1, cart)])
  await change(kinds)
  await remove(CartV1, 'cart')
  expect(await names()).toEqual(['p'])
  await change([...kinds, CartV1])
  expect(await names()).toEqual([])
})

test('garbageCollector does not wait for kinds that cannot be followed', async () => {
  cluster.api.interceptors.push(({ path }) => {
    if (path.endsWith('/carts')) throw new Error('no conversion webhook')
    return undefined
  })
  const gone = { metadata: { name: 'gone', uid: 'gone-uid' } }
  await make(Pod, 'left', [owner(ReplicaSet, gone)])
  cluster.start(garbageCollector({ kinds: fixedKinds([...kinds, CartV1]) }))
  await cluster.host.advance(31_000)
  expect(await names()).toEqual([])
  expect(cluster.metrics.expose()).toContain('garbagecollector_controller_resources_sync_error_total 1')
})

test('garbageCollector deletes what gets an owner that is being deleted in the foreground', async () => {
  start()
  const set = await make(ReplicaSet, 'web')
  await make(Pod, 'held', [owner(ReplicaSet, set)])
  await cluster.change(Pod, 'default/held', { metadata: { finalizers: ['test/hold'] } })
  await remove(ReplicaSet, 'web', 'Foreground')
  await make(Pod, 'late', [owner(ReplicaSet, set)])
  expect(await names()).toEqual(['held', 'web'])
  await cluster.change(Pod, 'default/held', { metadata: { finalizers: [] } })
  expect(await names()).toEqual([])
})

test('garbageCollector orphans custom resources though somebody else writes them meanwhile', async () => {
  cluster.start(garbageCollector({ kinds: fixedKinds([...kinds, CartV1]) }))
  const set = await make(ConfigMap, 'shop')
  await make(CartV1, 'cart', [owner(ConfigMap, set)])
  let conflicts = 2
  cluster.api.interceptors.push(({ method, path, contentType }) => {
    if (method !== 'PATCH' || !path.endsWith('/carts/cart')) return undefined
    if (contentType === 'application/strategic-merge-patch+json')
      throw statusError('UnsupportedMediaType', '')
    if (conflicts-- > 0) throw statusError('Conflict', 'somebody was faster')
    return undefined
  })
  await remove(ConfigMap, 'shop', 'Orphan')
  await cluster.host.advance(1_000)
  expect((await cluster.get(CartV1, 'default/cart')).metadata?.ownerReferences).toEqual([])
  expect(await names()).toEqual([])
})
