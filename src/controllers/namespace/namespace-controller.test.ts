import { afterEach, beforeEach, expect, test } from 'vitest'
import { Deployment } from '../../api/apps/deployment/kind.ts'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { fixedKinds } from '../../reconcile/kind-source.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { namespaceController } from './namespace-controller.ts'

let cluster: TestCluster
const undiscovered = new Map<string, string>()

beforeEach(async () => {
  cluster = new TestCluster()
  undiscovered.clear()
  const kinds = {
    ...fixedKinds([ConfigMap, Pod, Deployment, Node]),
    refresh: async () => new Map(undiscovered),
  }
  cluster.start(namespaceController({ kinds }))
  await cluster.create(Namespace, {
    metadata: { name: 'shop' },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  })
  await cluster.create(ConfigMap, { metadata: { name: 'kept', namespace: 'default' } })
  await cluster.create(ConfigMap, { metadata: { name: 'a', namespace: 'shop' } })
})

afterEach(() => cluster.stop())

/** The fake keeps an object only for finalizers in its metadata; what a real server marks is marked here. */
async function deleteNamespace(): Promise<void> {
  await cluster.do(cluster.client.resource(Namespace).delete('', 'shop', { propagationPolicy: 'Foreground' }))
}

const conditions = async () =>
  Object.fromEntries(
    ((await cluster.get(Namespace, 'shop')).status?.conditions ?? []).map(
      ({ type, status, reason, message }) => [type, `${status} ${reason} ${message}`],
    ),
  )

test('namespaceController empties a namespace and finalizes it, some seconds after its deletion', async () => {
  await deleteNamespace()
  await cluster.host.advance(4_000)
  expect(await cluster.list(ConfigMap)).toHaveLength(2)
  await cluster.host.advance(2_000)
  expect((await cluster.list(ConfigMap)).map(({ metadata }) => metadata?.name)).toEqual(['kept'])
  const namespace = await cluster.get(Namespace, 'shop')
  expect(namespace.status?.phase).toBe('Terminating')
  expect(namespace.spec?.finalizers).toEqual([])
  expect(await conditions()).toEqual({
    NamespaceDeletionDiscoveryFailure: 'False ResourcesDiscovered All resources successfully discovered',
    NamespaceDeletionGroupVersionParsingFailure:
      'False ParsedGroupVersions All legacy kube types successfully parsed',
    NamespaceDeletionContentFailure:
      'False ContentDeleted All content successfully deleted, may be waiting on finalization',
    NamespaceContentRemaining: 'False ContentRemoved All content successfully removed',
    NamespaceFinalizersRemaining: 'False ContentHasNoFinalizers All content-preserving finalizers finished',
  })
})

test('namespaceController waits for pods before it deletes what they may use', async () => {
  await cluster.create(Pod, { metadata: { name: 'p', namespace: 'shop', finalizers: ['test/hold'] } })
  await deleteNamespace()
  await cluster.host.advance(20_000)
  expect(await cluster.list(ConfigMap)).toHaveLength(2)
  expect(await conditions()).toMatchObject({
    NamespaceDeletionContentFailure:
      'False ContentDeleted All content successfully deleted, may be waiting on finalization',
  })
  await cluster.change(Pod, 'shop/p', { metadata: { finalizers: [] } })
  await cluster.host.advance(500)
  expect(await cluster.list(ConfigMap)).toHaveLength(1)
  expect((await cluster.get(Namespace, 'shop')).spec?.finalizers).toEqual([])
})

test('namespaceController reports what cannot be deleted and tries again', async () => {
  let isBroken = true
  cluster.api.interceptors.push(({ method, path }) => {
    if (isBroken && method === 'DELETE' && path.includes('/configmaps')) {
      throw statusError('InternalError', 'no deletion today')
    }
    return undefined
  })
  await deleteNamespace()
  await cluster.host.advance(6_000)
  expect(await conditions()).toMatchObject({
    NamespaceDeletionContentFailure:
      'True ContentDeletionFailed Failed to delete all resource types, 1 remaining: no deletion today',
  })
  isBroken = false
  await cluster.host.advance(60_000)
  expect((await cluster.get(Namespace, 'shop')).spec?.finalizers).toEqual([])
})

test('namespaceController tells of what is left beside pods', async () => {
  await cluster.change(ConfigMap, 'shop/a', { metadata: { finalizers: ['test/hold'] } })
  await deleteNamespace()
  await cluster.host.advance(6_000)
  expect(await conditions()).toMatchObject({
    NamespaceContentRemaining:
      'True SomeResourcesRemain Some resources are remaining: configmaps. has 1 resource instances',
    NamespaceFinalizersRemaining:
      'True SomeFinalizersRemain Some content in the namespace has finalizers remaining: test/hold in 1 resource instances',
  })
})

test('namespaceController keeps a namespace while the content of a group is not known', async () => {
  undiscovered.set('metrics.k8s.io/v1beta1', 'stale GroupVersion discovery: metrics.k8s.io/v1beta1')
  await deleteNamespace()
  await cluster.host.advance(6_000)
  expect((await cluster.list(ConfigMap)).map(({ metadata }) => metadata?.name)).toEqual(['kept'])
  expect((await cluster.get(Namespace, 'shop')).spec?.finalizers).toEqual(['kubernetes'])
  expect(await conditions()).toMatchObject({
    NamespaceDeletionDiscoveryFailure:
      'True DiscoveryFailed Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1',
  })
  undiscovered.clear()
  await cluster.host.advance(60_000)
  expect((await cluster.get(Namespace, 'shop')).spec?.finalizers).toEqual([])
})
