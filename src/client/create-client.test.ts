import { expect, test } from 'vitest'
import type { apps, core } from '../api/generated/types/index.ts'
import { defineKind } from '../apimachinery/define-kind.ts'
import type { ApiRequest, Transport } from '../apimachinery/transport.ts'
import { createClient } from './create-client.ts'

const Deployment = defineKind<apps.v1.Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  resource: 'deployments',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.Deployment',
})

const Node = defineKind<core.v1.Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Node',
})

function recording(body: unknown): { readonly transport: Transport; readonly sent: ApiRequest[] } {
  const sent: ApiRequest[] = []
  const transport: Transport = {
    request: async (request) => {
      sent.push(request)
      return { status: 200, body, warnings: [] }
    },
    watch: async function* (request) {
      sent.push(request)
      yield []
    },
    close: async () => {},
  }
  return { transport, sent }
}

test('createClient() asks for objects, collections and watches', async () => {
  const { transport, sent } = recording({ metadata: {}, items: [{ metadata: { name: 'web' } }] })
  const deployments = createClient(transport).resource(Deployment)
  await deployments.get('default', 'web', { resourceVersion: '0' })
  const list = await deployments.list({ namespace: 'default', labelSelector: 'app=web', limit: 5 })
  await Array.fromAsync(deployments.watch({ resourceVersion: '7', allowWatchBookmarks: true }))
  await createClient(transport).resource(Node).get('', 'node-1')
  expect(list.items[0]).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' })
  expect(sent).toEqual([
    {
      method: 'GET',
      path: '/apis/apps/v1/namespaces/default/deployments/web',
      query: { resourceVersion: '0' },
    },
    {
      method: 'GET',
      path: '/apis/apps/v1/namespaces/default/deployments',
      query: { labelSelector: 'app=web', limit: '5' },
    },
    {
      method: 'GET',
      path: '/apis/apps/v1/deployments',
      query: { resourceVersion: '7', watch: 'true', allowWatchBookmarks: 'true' },
    },
    { method: 'GET', path: '/api/v1/nodes/node-1', query: {} },
  ])
})

test('createClient() writes as its field manager', async () => {
  const { transport, sent } = recording({})
  const deployments = createClient(transport, { fieldManager: 'tests' }).resource(Deployment)
  const object = { metadata: { name: 'web', namespace: 'default' } }
  await deployments.create(object)
  await deployments.updateStatus(object, { dryRun: true })
  await deployments.apply(object, { fieldManager: 'other', force: true })
  await deployments.patch(
    'default',
    'web',
    'application/merge-patch+json',
    { a: 1 },
    { subresource: 'scale' },
  )
  await deployments.delete('default', 'web', { propagationPolicy: 'Foreground' })
  await deployments.createSubresource('default', 'web', 'scale', { metadata: {} })
  const base = '/apis/apps/v1/namespaces/default/deployments'
  const body = { apiVersion: 'apps/v1', kind: 'Deployment', ...object }
  expect(sent).toEqual([
    { method: 'POST', path: base, query: { fieldManager: 'tests' }, body },
    {
      method: 'PUT',
      path: `${base}/web/status`,
      query: { dryRun: 'All', fieldManager: 'tests' },
      body,
    },
    {
      method: 'PATCH',
      path: `${base}/web`,
      query: { fieldManager: 'other', force: 'true' },
      body,
      contentType: 'application/apply-patch+yaml',
    },
    {
      method: 'PATCH',
      path: `${base}/web/scale`,
      query: { fieldManager: 'tests' },
      body: { a: 1 },
      contentType: 'application/merge-patch+json',
    },
    {
      method: 'DELETE',
      path: `${base}/web`,
      query: {},
      body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' },
    },
    { method: 'POST', path: `${base}/web/scale`, query: { fieldManager: 'tests' }, body: { metadata: {} } },
  ])
})
