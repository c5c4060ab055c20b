import { describe, expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import type { AdmissionPlugin } from '../admission.ts'
import type { Authorizer } from '../authorizer.ts'
import { ServerMetrics } from '../metrics/server-metrics.ts'
import type { ServerResponse } from '../response.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { FakeSink } from '../testing/fake-sink.ts'
import { testKinds } from '../testing/test-kinds.ts'
import { everythingAllowed, startTestServer } from '../testing/test-server.ts'
import { requestInfo } from './request-info.ts'
import { timeoutFilter } from './timeout.ts'

const makeHost = (): VirtualHost =>
  new VirtualHost({ seed: 1, hop: () => realHost.nextTurn(), sha256: (data) => realHost.sha256(data) })

const maps = '/api/v1/namespaces/a/configmaps'
const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }

describe('authorization', () => {
  const refusing: Authorizer = {
    ...everythingAllowed,
    authorize: ({ verb, namespace }) => ({
      decision: verb === 'get' && namespace === 'a' ? 'allow' : 'no-opinion',
      reason: verb === 'delete' ? 'because' : '',
    }),
  }
  const rows: readonly [string, string, string][] = [
    [
      'GET',
      maps,
      'configmaps is forbidden: User "admin" cannot list resource "configmaps" in API group "" in the namespace "a"',
    ],
    [
      'DELETE',
      `${maps}/x`,
      'configmaps "x" is forbidden: User "admin" cannot delete resource "configmaps" in API group "" in the namespace "a": because',
    ],
    [
      'GET',
      '/apis/apps/v1/deployments',
      'deployments.apps is forbidden: User "admin" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [
      'PUT',
      '/apis/apps/v1/namespaces/a/deployments/x/status',
      'deployments.apps "x" is forbidden: User "admin" cannot update resource "deployments/status" in API group "apps" in the namespace "a"',
    ],
    ['GET', '/secret', 'forbidden: User "admin" cannot get path "/secret"'],
  ]
  for (const [method, path, message] of rows)
    test(`refuses ${method} ${path}`, async () => {
      const server = await startTestServer({ kinds: testKinds, authorizer: refusing })
      const answer = await server.call(method, path)
      expect(JSON.parse(answer.text)).toMatchObject({ code: 403, reason: 'Forbidden', message })
      await server.close()
    })

  test('asks for create before an update creates', async () => {
    const noCreate: Authorizer = {
      ...everythingAllowed,
      authorize: ({ verb }) => ({ decision: verb === 'create' ? 'deny' : 'allow', reason: '' }),
    }
    const server = await startTestServer({ kinds: testKinds, authorizer: noCreate })
    const answer = await server.call('PUT', '/apis/coordination.k8s.io/v1/namespaces/a/leases/l', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
    })
    expect(JSON.parse(answer.text).message).toBe(
      'leases.coordination.k8s.io "l" is forbidden: User "admin" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "a"',
    )
    await server.close()
  })
})

describe('timeouts', () => {
  const slow = (host: VirtualHost): AdmissionPlugin => ({
    name: 'Slow',
    handles: (operation) => operation === 'CREATE',
    validate: () =>
      new Promise((resolve) => {
        host.schedule(100_000, resolve)
      }),
  })

  test('end what takes longer than a minute', async () => {
    const host = makeHost()
    const server = await startTestServer({ kinds: testKinds, host, admission: [slow(host)] })
    const answer = server.call('POST', maps, body)
    const shorter = server.call('POST', `${maps}?timeout=10s`, body)
    await host.advance(10_000)
    expect((await shorter).status).toBe(504)
    let done = false
    void answer.then(() => {
      done = true
    })
    await host.advance(49_999)
    expect(done).toBe(false)
    await host.advance(1)
    expect(JSON.parse((await answer).text)).toMatchObject({ code: 504, reason: 'Timeout' })
    await server.close()
  })

  test('break off an answer that nobody takes', async () => {
    const host = makeHost()
    const request = fakeRequest({ target: '/api/v1/configmaps' })
    request.info = requestInfo(request)
    const sink = new FakeSink()
    const stream: ServerResponse = {
      type: 'stream',
      status: 200,
      contentType: 'application/json',
      flushHead: false,
      start: (to) => {
        to.write(new Uint8Array(1))
      },
    }
    const metrics = new ServerMetrics(new PrometheusMetrics())
    const answer = await timeoutFilter({ host, metrics, timeoutMs: 60_000 })(request, () =>
      Promise.resolve(stream),
    )
    if (answer.type === 'stream') answer.start(sink)
    await host.advance(59_999)
    expect(sink.ended).toBe('no')
    await host.advance(1)
    expect(sink.ended).toBe('destroyed')
  })

  test('refuse a duration that is none', async () => {
    const server = await startTestServer({ kinds: testKinds })
    const answer = await server.call('GET', `${maps}?timeout=soon`)
    expect(JSON.parse(answer.text).message).toBe(
      'invalid timeout specified in the request URL - time: invalid duration "soon"',
    )
    await server.close()
  })
})

describe('admission', () => {
  test('changes and refuses, seeing what was and what is to be', async () => {
    const seen: string[] = []
    const plugin: AdmissionPlugin = {
      name: 'Test',
      handles: (_operation, { resource }) => resource === 'configmaps',
      mutate: ({ operation }, object) => ({
        ...object,
        metadata: { ...object.metadata, labels: { by: operation } },
      }),
      validate: async ({ operation, object, oldObject, name, namespace, user, dryRun }) => {
        const labels = (of: typeof object) => of?.metadata?.labels?.['by'] ?? '-'
        seen.push(
          `${operation} ${namespace}/${name} ${user.name} ${dryRun} ${labels(oldObject)}>${labels(object)}`,
        )
      },
    }
    const server = await startTestServer({ kinds: testKinds, admission: [plugin] })
    await server.call('POST', maps, body)
    await server.call('PUT', `${maps}/x?dryRun=All`, body)
    await server.call('DELETE', `${maps}/x`)
    expect(seen).toEqual([
      'CREATE a/x admin false ->CREATE',
      'UPDATE a/x admin true CREATE>UPDATE',
      'DELETE a/x admin false CREATE>-',
    ])
    await server.close()
  })
})

describe('paths', () => {
  const rows: readonly [string, string, number][] = [
    ['GET', '/nowhere', 404],
    ['GET', '/api/v1/namespaces/a/nothings', 404],
    ['GET', `${maps}/x/nothing`, 404],
    ['GET', '/api/v1/configmaps/x', 404],
    ['DELETE', '/api/v1/configmaps/x', 404],
    ['GET', '/api/v1/namespaces/a/namespaces', 404],
    ['DELETE', '/api/v1/configmaps', 405],
    ['POST', `${maps}/x`, 405],
    ['PUT', maps, 405],
    ['POST', '/api/v1/configmaps', 405],
    ['POST', '/api/v1/namespaces/a/pods/p/status', 405],
  ]
  for (const [method, path, code] of rows)
    test(`answer ${method} ${path} by ${code}`, async () => {
      const server = await startTestServer({ kinds: testKinds })
      expect((await server.call(method, path)).status).toBe(code)
      await server.close()
    })
})
