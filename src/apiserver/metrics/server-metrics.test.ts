import { expect, test } from 'vitest'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { testKinds } from '../testing/test-kinds.ts'
import { startTestServer } from '../testing/test-server.ts'

const maps = '/api/v1/namespaces/a/configmaps'
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }

/** The lines of a family, without its explanations and times. */
const linesOf = (metrics: PrometheusMetrics, family: string): readonly string[] =>
  metrics
    .expose()
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`))

/** Of requests for config maps. */
const counted = (verb: string, dryRun: string, scope: string, code: number): string =>
  `apiserver_request_total{verb="${verb}",dry_run="${dryRun}",group="",version="v1",resource="configmaps",subresource="",scope="${scope}",component="apiserver",code="${code}"} 1`

test('ServerMetrics counts requests as upstream names them, and only those that a route has taken', async () => {
  const metrics = new PrometheusMetrics()
  const server = await startTestServer({ kinds: testKinds, metrics })
  await server.call('POST', maps, map)
  await server.call('PUT', `${maps}/x`, map)
  await server.call('PATCH', `${maps}/x?fieldManager=me`, map, {
    'content-type': 'application/apply-patch+yaml',
  })
  await server.call('GET', `${maps}/x`)
  await server.call('GET', `${maps}/absent`)
  await server.call('GET', maps)
  await server.call('POST', `${maps}?dryRun=All`, { ...map, metadata: { name: 'dry' } })
  await server.call('DELETE', maps)
  for (const path of ['/api/v1/made-up', '/apis/made.up/v1/things', '/made/up'])
    await server.call('GET', path)
  expect(linesOf(metrics, 'apiserver_request_total').filter((line) => !line.includes('namespaces"'))).toEqual(
    [
      counted('POST', '', 'resource', 201),
      counted('PUT', '', 'resource', 200),
      counted('APPLY', '', 'resource', 200),
      counted('GET', '', 'resource', 200),
      counted('GET', '', 'resource', 404),
      counted('LIST', '', 'namespace', 200),
      counted('POST', 'All', 'resource', 201),
      counted('DELETE', '', 'namespace', 200),
    ],
  )
  const text = metrics.expose()
  expect(text).not.toContain('made')
  expect(text).toContain('authentication_attempts{result="success"} 11')
  expect(text).toContain('authorization_attempts_total{result="allowed"} 11')
  expect(text).toContain('apiserver_request_filter_duration_seconds_count{filter="authorization"} 11')
  expect(text).toMatch(/apiserver_response_sizes_sum\{verb="LIST",.*"namespace",component="apiserver"} [1-9]/)
  expect(text).toContain(
    'apiserver_request_body_size_bytes_count{group="",resource="configmaps",verb="create"} 2',
  )
  await server.close()
})
