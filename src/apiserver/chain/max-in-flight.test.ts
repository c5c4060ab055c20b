import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { InFlightMetrics } from '../metrics/in-flight-metrics.ts'
import { ServerMetrics } from '../metrics/server-metrics.ts'
import { Query } from '../query.ts'
import { ServerRequest, type UserInfo } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import { maxInFlightFilter } from './max-in-flight.ts'
import { requestInfo } from './request-info.ts'

function request(method: string, path: string, user: UserInfo, inProcess = false): ServerRequest {
  const made = new ServerRequest({
    method,
    path,
    query: Query.parse(path.split('?')[1] ?? ''),
    startedMs: 0,
    source: {
      connection: { remoteAddress: '', ...(inProcess ? { user } : {}) },
      wantsObjects: false,
      header: () => undefined,
      headerNames: () => [],
      hasHeaderLike: () => false,
      headerValues: () => [],
      readBody: () => Promise.reject(new Error('no body')),
      signal: new AbortController().signal,
    },
  })
  made.info = requestInfo(made)
  made.user = user
  return made
}

const somebody: UserInfo = { name: 'somebody', groups: ['system:authenticated'] }
const master: UserInfo = { name: 'master', groups: ['system:masters'] }

test('maxInFlightFilter() refuses what is too much, readers and writers apart, and lets the privileged pass', async () => {
  const metrics = new PrometheusMetrics()
  const filter = maxInFlightFilter(
    { readOnly: 2, mutating: 1 },
    new ServerMetrics(metrics),
    new InFlightMetrics(realHost, metrics),
  )
  const release: (() => void)[] = []
  const slow = (): Promise<ServerResponse> =>
    new Promise((resolve) => release.push(() => resolve(textResponse(''))))
  const pods = '/api/v1/pods'
  const go = (...args: Parameters<typeof request>) => filter(request(...args), slow)
  const refused = {
    reason: 'TooManyRequests',
    code: 429,
    message: 'Too many requests, please try again later.',
  }
  const running = [go('GET', pods, somebody), go('GET', pods, somebody), go('POST', pods, somebody)]
  expect(() => go('GET', pods, somebody)).toThrow(expect.objectContaining(refused))
  expect(() => go('DELETE', `${pods}/x`, somebody)).toThrow(expect.objectContaining(refused))
  running.push(
    go('GET', pods, master),
    go('POST', pods, somebody, true),
    go('GET', `${pods}?watch=1`, somebody),
  )
  for (const each of release) each()
  await Promise.all(running)
  const again = go('POST', pods, somebody)
  release.at(-1)?.()
  expect((await again).type).toBe('bytes')
})
