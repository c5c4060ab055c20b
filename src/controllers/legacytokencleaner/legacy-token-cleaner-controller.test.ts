import { expect, test } from 'vitest'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { legacyTokenCleanerController } from './legacy-token-cleaner-controller.ts'
import { dateOf, judgeToken } from './plan-token.ts'

const dayMs = 86_400_000
const nowMs = Date.parse('2026-06-30T12:00:00Z')

test.each([
  [{}, 'invalidate'],
  [{ creationTimestamp: '2026-06-25T00:00:00Z' }, 'keep'],
  [{ deletionTimestamp: '2026-06-25T00:00:00Z' }, 'keep'],
  [{ labels: { 'kubernetes.io/legacy-token-last-used': '2026-06-25' } }, 'keep'],
  [{ labels: { 'kubernetes.io/legacy-token-last-used': 'never' } }, 'keep'],
  [{ labels: { 'kubernetes.io/legacy-token-last-used': '2026-05-01' } }, 'invalidate'],
  [{ labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-06-25' } }, 'keep'],
  [{ labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-06-01' } }, 'delete'],
])('judgeToken() of %j is %s', (metadata, wanted) => {
  const secret = { metadata: { creationTimestamp: '2026-01-01T00:00:00Z', ...metadata } }
  expect(judgeToken(secret, 10 * dayMs, nowMs)).toBe(wanted)
})

test('legacyTokenCleanerController() marks tokens that nobody uses, then deletes them', async () => {
  const cluster = new TestCluster()
  const namespace = 'default'
  const since = dateOf(cluster.host.now())
  await cluster.create(ConfigMap, {
    metadata: {
      name: 'kube-apiserver-legacy-service-account-token-tracking',
      namespace: 'kube-system',
    },
    data: { since },
  })
  await cluster.create(ServiceAccount, {
    metadata: { name: 'robot', namespace },
    secrets: [{ name: 'old' }, { name: 'mounted' }],
  })
  const annotations = { 'kubernetes.io/service-account.name': 'robot' }
  for (const name of ['old', 'mounted', 'handmade'])
    await cluster.create(Secret, {
      metadata: { name, namespace, annotations },
      type: 'kubernetes.io/service-account-token',
    })
  await cluster.create(Pod, {
    metadata: { name: 'p', namespace },
    spec: { containers: [], volumes: [{ name: 'v', secret: { secretName: 'mounted' } }] },
  })
  cluster.start(legacyTokenCleanerController({ periodMs: 10 * dayMs }))
  const marked = async () =>
    (await cluster.list(Secret))
      .filter(({ metadata }) => metadata?.labels !== undefined)
      .map(({ metadata }) => metadata?.name)
  await cluster.host.advance(9 * dayMs)
  expect(await marked()).toEqual([])
  await cluster.host.advance(4 * dayMs)
  expect(await marked()).toEqual(['old'])
  await cluster.host.advance(13 * dayMs)
  const left = (await cluster.list(Secret)).map(({ metadata }) => metadata?.name)
  expect(left).toEqual(['mounted', 'handmade'])
  await cluster.stop()
})
