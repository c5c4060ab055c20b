import { afterEach, beforeEach, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import { ResourceQuota } from '../../api/core/resource-quota/kind.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { defineKind } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { AnyKind } from '../../client/informer.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { resourceQuotaController } from './resource-quota-controller.ts'

const Grove = defineKind<KubernetesObject>({
  group: 'test.example',
  version: 'v1',
  kind: 'Grove',
  resource: 'groves',
  namespaced: true,
  schema: '',
})

let cluster: TestCluster
let served: AnyKind[]
let onChange: () => void

beforeEach(() => {
  cluster = new TestCluster()
  served = [Secret, Pod]
  const kinds = {
    list: () => served,
    refresh: async () => new Map<string, string>(),
    onChange: (handler: () => void) => {
      onChange = handler
      return () => {}
    },
  }
  cluster.start(resourceQuotaController(kinds))
})

afterEach(() => cluster.stop())

const makeQuota = (spec: core.v1.ResourceQuotaSpec) =>
  cluster.create(ResourceQuota, { metadata: { name: 'q', namespace: 'default' }, spec })

const addPod = (name: string, spec: object = {}, requests = { cpu: '500m' }) =>
  cluster.create(Pod, {
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...spec },
  })

const status = async () => (await cluster.get(ResourceQuota, 'default/q')).status

test('resourceQuotaController() counts what there is', async () => {
  await addPod('a')
  await addPod('b')
  await cluster.create(Secret, { metadata: { name: 's', namespace: 'default' } })
  await cluster.create(Secret, { metadata: { name: 's', namespace: 'other' } })
  const hard = { pods: '5', cpu: '2', secrets: '3', 'count/secrets': '3', 'services.nodeports': '1' }
  await makeQuota({ hard: { ...hard, 'example.com/other': '1' } })
  expect(await status()).toEqual({
    hard: { ...hard, 'example.com/other': '1' },
    used: { pods: '2', cpu: '1', secrets: '1', 'count/secrets': '1', 'services.nodeports': '0' },
  })
})

test('resourceQuotaController() counts again when something is gone or has ended', async () => {
  await makeQuota({ hard: { pods: '5', 'count/pods': '5', secrets: '5' } })
  await cluster.change(ResourceQuota, 'default/q', {
    status: { used: { pods: '2', 'count/pods': '2', secrets: '1' } },
  })
  for (const name of ['a', 'b']) await addPod(name)
  await cluster.create(Secret, { metadata: { name: 's', namespace: 'default' } })
  await cluster.change(Pod, 'default/a', { status: { phase: 'Succeeded' } })
  expect((await status())?.used).toEqual({ pods: '1', 'count/pods': '2', secrets: '1' })
  await cluster.do(cluster.client.resource(Pod).delete('default', 'b'))
  expect((await status())?.used).toEqual({ pods: '0', 'count/pods': '1', secrets: '1' })
  await cluster.do(cluster.client.resource(Secret).delete('default', 's'))
  expect((await status())?.used).toMatchObject({ secrets: '0' })
})

test('resourceQuotaController() counts only what is in the scopes', async () => {
  await addPod('a')
  await addPod('b', { activeDeadlineSeconds: 10 })
  await cluster.create(Secret, { metadata: { name: 's', namespace: 'default' } })
  await makeQuota({ hard: { pods: '5', secrets: '5' }, scopes: ['Terminating'] })
  expect((await status())?.used).toEqual({ pods: '1', secrets: '0' })
})

test('resourceQuotaController() gives back what was charged for nothing', async () => {
  await makeQuota({ hard: { pods: '5' } })
  await cluster.host.advance(10_000)
  await cluster.change(ResourceQuota, 'default/q', { status: { used: { pods: '3' } } })
  expect((await status())?.used).toEqual({ pods: '3' })
  await cluster.host.advance(300_000)
  expect((await status())?.used).toEqual({ pods: '0' })
})

test('resourceQuotaController() counts custom resources once they are served', async () => {
  await makeQuota({ hard: { 'count/groves.test.example': '3' } })
  expect((await status())?.used ?? {}).toEqual({})
  await cluster.create(Grove, { metadata: { name: 'oak', namespace: 'default' } })
  served = [...served, Grove]
  onChange()
  await cluster.host.advance(100)
  expect((await status())?.used).toEqual({ 'count/groves.test.example': '1' })
})
