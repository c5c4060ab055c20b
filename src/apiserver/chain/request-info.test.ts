import { describe, expect, test } from 'vitest'
import { Query } from '../query.ts'
import { ServerRequest } from '../request.ts'
import { requestInfo } from './request-info.ts'

function request(method: string, target: string): ServerRequest {
  const [path = '', query = ''] = target.split('?')
  return new ServerRequest({
    method,
    path,
    query: Query.parse(query),
    startedMs: 0,
    source: {
      connection: { remoteAddress: '' },
      wantsObjects: false,
      header: () => undefined,
      headerNames: () => [],
      hasHeaderLike: () => false,
      headerValues: () => [],
      readBody: () => Promise.reject(new Error('no body')),
      signal: new AbortController().signal,
    },
  })
}

/** verb, group, version, namespace, resource, subresource, name, parts */
type Row = readonly [string, string, string, string, string, string, string, string, string, string]

const resources: readonly Row[] = [
  ['GET', '/api/v1/namespaces', 'list', '', 'v1', '', 'namespaces', '', '', 'namespaces'],
  [
    'GET',
    '/api/v1/namespaces/other',
    'get',
    '',
    'v1',
    'other',
    'namespaces',
    '',
    'other',
    'namespaces/other',
  ],
  ['GET', '/api/v1/namespaces/other/pods', 'list', '', 'v1', 'other', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/namespaces/other/pods/foo', 'get', '', 'v1', 'other', 'pods', '', 'foo', 'pods/foo'],
  ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get', '', 'v1', 'other', 'pods', '', 'foo', 'pods/foo'],
  ['GET', '/api/v1/pods', 'list', '', 'v1', '', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/pods?watch=true', 'watch', '', 'v1', '', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/pods?watch=false', 'list', '', 'v1', '', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/pods?watch', 'watch', '', 'v1', '', 'pods', '', '', 'pods'],
  [
    'GET',
    '/api/v1/namespaces/other/pods?fieldSelector=metadata.name%3Dfoo',
    'list',
    '',
    'v1',
    'other',
    'pods',
    '',
    'foo',
    'pods',
  ],
  ['GET', '/api/v1/watch/pods', 'watch', '', 'v1', '', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/watch/namespaces/other/pods/p', 'watch', '', 'v1', 'other', 'pods', '', 'p', 'pods/p'],
  [
    'GET',
    '/api/v1/namespaces/other/pods/foo/log',
    'get',
    '',
    'v1',
    'other',
    'pods',
    'log',
    'foo',
    'pods/foo/log',
  ],
  [
    'GET',
    '/api/v1/namespaces/other/services/web/proxy/a/b',
    'get',
    '',
    'v1',
    'other',
    'services',
    'proxy',
    'web',
    'services/web/proxy/a/b',
  ],
  [
    'PUT',
    '/api/v1/namespaces/other/finalize',
    'update',
    '',
    'v1',
    'other',
    'namespaces',
    'finalize',
    'other',
    'namespaces/other/finalize',
  ],
  [
    'PATCH',
    '/apis/apps/v1/namespaces/d/deployments/web/status',
    'patch',
    'apps',
    'v1',
    'd',
    'deployments',
    'status',
    'web',
    'deployments/web/status',
  ],
  [
    'POST',
    '/apis/apps/v1/namespaces/d/deployments',
    'create',
    'apps',
    'v1',
    'd',
    'deployments',
    '',
    '',
    'deployments',
  ],
  ['DELETE', '/api/v1/nodes/n', 'delete', '', 'v1', '', 'nodes', '', 'n', 'nodes/n'],
  ['DELETE', '/api/v1/nodes/', 'deletecollection', '', 'v1', '', 'nodes', '', '', 'nodes'],
]

describe('requestInfo()', () => {
  for (const [
    method,
    target,
    verb,
    group,
    version,
    namespace,
    resource,
    subresource,
    name,
    parts,
  ] of resources)
    test(`reads ${method} ${target}`, () => {
      const info = requestInfo(request(method, target))
      expect(info).toMatchObject({
        isResourceRequest: true,
        ...{ verb, group, version, namespace, resource, subresource, name },
      })
      expect(info.parts.join('/')).toBe(parts)
    })

  for (const path of [
    '/',
    '/healthz',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
    '/openapi/v3/api/v1',
  ])
    test(`sees no resource in ${path}`, () => {
      expect(requestInfo(request('GET', path))).toMatchObject({ isResourceRequest: false, verb: 'get', path })
    })

  test('refuses a watch of nothing', () => {
    expect(() => requestInfo(request('GET', '/api/v1/watch'))).toThrow(
      'unable to determine kind and namespace from url, /api/v1/watch',
    )
  })
})
