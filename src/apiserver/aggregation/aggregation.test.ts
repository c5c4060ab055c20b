import { describe, expect, test } from 'vitest'
import { identityHeaders } from '../connect/identity-headers.ts'
import { localApiService, planRegistrations } from './auto-register.ts'
import { asVersionDiscovery, versionDiscoveries } from './version-discovery.ts'

describe('planRegistrations()', () => {
  const apps = { group: 'apps', version: 'v1' }
  const custom = { group: 'stable.example.com', version: 'v1' }

  test('registers what is missing, but for its own group', () => {
    const own = { group: 'apiregistration.k8s.io', version: 'v1' }
    const { create, remove } = planRegistrations([apps, custom, own], [localApiService(apps)])
    expect(create).toEqual([
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: {
          name: 'v1.stable.example.com',
          labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' },
        },
        spec: {
          group: 'stable.example.com',
          version: 'v1',
          groupPriorityMinimum: 1000,
          versionPriority: 100,
        },
      },
    ])
    expect(remove).toEqual([])
  })

  test("removes what is served no longer, and leaves others' alone", () => {
    const others = { ...localApiService(custom), metadata: { name: 'v1.others.example.com' } }
    const plan = planRegistrations([apps], [localApiService(apps), localApiService(custom), others])
    expect(plan).toEqual({ create: [], remove: ['v1.stable.example.com'] })
  })
})

test('identityHeaders() escapes what no header name may hold', () => {
  const user = {
    name: 'jane',
    uid: '7',
    groups: ['a', 'b'],
    extra: { 'example.com/role é': ['x', 'y'] },
  }
  expect(identityHeaders(user)).toEqual([
    ['x-remote-user', 'jane'],
    ['x-remote-uid', '7'],
    ['x-remote-group', 'a'],
    ['x-remote-group', 'b'],
    ['x-remote-extra-example.com%2Frole%20%C3%A9', 'x'],
    ['x-remote-extra-example.com%2Frole%20%C3%A9', 'y'],
  ])
})

test('both forms of discovery come to the same', () => {
  const kind = (name: string) => ({ group: 'g.io', version: 'v1', kind: name })
  const aggregated = {
    version: 'v1',
    resources: [
      {
        resource: 'things',
        responseKind: kind('Thing'),
        scope: 'Cluster',
        singularResource: 'thing',
        verbs: ['get'],
        subresources: [
          {
            subresource: 'scale',
            responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
            verbs: ['get'],
          },
        ],
      },
    ],
  }
  const plain = {
    resources: [
      { name: 'things', singularName: 'thing', namespaced: false, kind: 'Thing', verbs: ['get'] },
      {
        name: 'things/scale',
        singularName: '',
        namespaced: false,
        group: 'autoscaling',
        version: 'v1',
        kind: 'Scale',
        verbs: ['get'],
      },
    ],
  }
  expect(asVersionDiscovery('g.io', 'v1', plain)).toEqual(aggregated)
  const list = { items: [{ metadata: { name: 'g.io' }, versions: [aggregated] }] }
  expect(versionDiscoveries(list).get('g.io/v1')).toEqual(aggregated)
})
