import { describe, expect, test } from 'vitest'
import type { ByteSink } from '../../base/byte-sink.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import { requestInfo } from '../chain/request-info.ts'
import type { UserInfo } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { FakeSink } from '../testing/fake-sink.ts'
import { catchAllLevel, catchAllSchema, mandatory, suggested } from './bootstrap-objects.ts'
import { FlowDebugEndpoint } from './debug-endpoint.ts'
import { FlowControl } from './flow-control.ts'
import { danglingCondition } from './write-conditions.ts'

const levels = 'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io'
const schemas = 'flowschemas.flowcontrol.apiserver.k8s.io'

const user = (name: string, ...groups: readonly string[]): UserInfo => ({
  name,
  groups: [...groups, 'system:authenticated'],
})
const somebody = user('somebody')

class Lab {
  readonly host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  readonly reader = new FakeReader()
  readonly metrics = new PrometheusMetrics()
  readonly control: FlowControl
  readonly running: (() => void)[] = []
  readonly stop: () => void

  constructor(serverSeats = 600, objects = [mandatory, suggested]) {
    for (const each of objects) {
      for (const level of each.levels) this.reader.put(levels, named(level))
      for (const schema of each.schemas) this.reader.put(schemas, named(schema))
    }
    this.control = new FlowControl({
      host: this.host,
      logger: silentLogger,
      metrics: this.metrics,
      reader: this.reader,
      serverSeats,
      requestTimeoutMs: 60_000,
      sizeOf: () => undefined,
    })
    this.stop = this.control.start({
      request: () => Promise.resolve({ status: 200, body: {}, warnings: [] }),
      watch: () => {
        throw new Error('nobody watches')
      },
      close: () => Promise.resolve(),
    })
  }

  /** Runs until `running` is told to end it. */
  send(who: UserInfo, method = 'GET', target = '/api/v1/namespaces/a/pods/x') {
    const request = fakeRequest({ method, target, user: who, startedMs: this.host.monotonicMs() })
    request.info = requestInfo(request)
    const answer = this.control.filter(
      request,
      () => new Promise<ServerResponse>((resolve) => this.running.push(() => resolve(textResponse('done')))),
    )
    return { request, answer }
  }

  /** The level of a request that has come to an end. */
  levelOf(who: UserInfo, method?: string, target?: string): string | undefined {
    const { request } = this.send(who, method, target)
    return request.flowHeaders?.['x-kubernetes-pf-flowschema-uid']
  }
}

const named = <T extends { readonly metadata?: { readonly name?: string } }>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, uid: object.metadata?.name },
})

describe('FlowControl', () => {
  test.each<readonly [schema: string, who: UserInfo, method: string, target: string]>([
    ['exempt', user('admin', 'system:masters'), 'GET', '/api/v1/pods'],
    ['probes', somebody, 'GET', '/readyz'],
    ['probes', somebody, 'GET', '/livez/ping'],
    ['system-node-high', user('system:node:a', 'system:nodes'), 'PATCH', '/api/v1/nodes/a/status'],
    ['system-nodes', user('system:node:a', 'system:nodes'), 'GET', '/api/v1/namespaces/a/pods/b'],
    [
      'system-leader-election',
      user('system:kube-scheduler'),
      'PUT',
      '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler',
    ],
    ['kube-scheduler', user('system:kube-scheduler'), 'POST', '/api/v1/namespaces/a/pods/b/binding'],
    ['kube-controller-manager', user('system:kube-controller-manager'), 'GET', '/api/v1/pods'],
    [
      'kube-system-service-accounts',
      user('system:serviceaccount:kube-system:job-controller', 'system:serviceaccounts'),
      'GET',
      '/api/v1/pods',
    ],
    [
      'service-accounts',
      user('system:serviceaccount:a:default', 'system:serviceaccounts'),
      'GET',
      '/api/v1/pods',
    ],
    ['global-default', somebody, 'GET', '/api/v1/pods'],
    ['catch-all', { name: 'nobody', groups: [] }, 'GET', '/api/v1/pods'],
  ])('puts it into %s', (schema, who, method, target) => {
    const lab = new Lab()
    expect(lab.levelOf(who, method, target)).toBe(schema)
    lab.stop()
  })

  test('lets commands and forwarded ports pass, and counts watches only while they begin', async () => {
    const lab = new Lab()
    expect(lab.levelOf(somebody, 'POST', '/api/v1/namespaces/a/pods/b/exec')).toBeUndefined()
    const { answer } = lab.send(somebody, 'GET', '/api/v1/pods?watch=1')
    const level = [...lab.control.levels].find(({ name }) => name === 'global-default')
    expect(level?.queues.executing).toBe(1)
    lab.running.at(-1)?.()
    await answer
    expect(level?.queues.executing).toBe(0)
    lab.stop()
  })

  test('holds nobody up who is in the same process', async () => {
    const lab = new Lab(1, [])
    lab.send(somebody)
    const request = fakeRequest({ user: somebody, wantsObjects: true })
    request.info = requestInfo(request)
    expect(await lab.control.filter(request, async () => textResponse('done'))).toMatchObject({ status: 200 })
    lab.stop()
  })

  test('refuses with 429 and a time to come again what its level has neither seat nor queue for', async () => {
    const lab = new Lab(1, [])
    const first = lab.send(somebody)
    const refused = await lab.send(somebody).answer
    expect(refused).toMatchObject({ type: 'bytes', status: 429, headers: { 'retry-after': '1' } })
    expect(refused.type === 'bytes' && new TextDecoder().decode(refused.chunks[0])).toBe(
      'Too many requests, please try again later.\n',
    )
    lab.running[0]?.()
    expect(await first.answer).toMatchObject({ status: 200 })
    expect(lab.metrics.expose()).toContain(
      'apiserver_flowcontrol_rejected_requests_total{priority_level="catch-all",flow_schema="catch-all",reason="concurrency-limit"} 1',
    )
    lab.stop()
  })

  test('lets what waits run when a seat is free, and refuses it after a quarter of the time-out', async () => {
    const lab = new Lab(100)
    const sent = Array.from({ length: 200 }, () => lab.send(somebody))
    const level = [...lab.control.levels].find(({ name }) => name === 'global-default')
    const seats = level?.currentSeats ?? 0
    expect(lab.running).toHaveLength(seats)
    lab.running[0]?.()
    await sent[0]?.answer
    await lab.host.advance(1)
    expect(lab.running).toHaveLength(seats + 1)
    // After ten seconds it has been lent what others do not use.
    await lab.host.advance(10_000)
    const lent = lab.running.length
    expect(lent).toBeGreaterThan(seats + 1)
    let refused = 0
    for (const { answer } of sent)
      void answer.then((response) => {
        if (response.type === 'bytes' && response.status === 429) refused++
      })
    await lab.host.advance(5_000)
    expect(refused).toBe(sent.length - lent)
    lab.stop()
  })

  test('takes seats back that it has lent', async () => {
    const lab = new Lab(100)
    for (let index = 0; index < 200; index++) lab.send(somebody)
    await lab.host.advance(20_000)
    const level = [...lab.control.levels].find(({ name }) => name === 'global-default')
    const most = level?.currentSeats ?? 0
    expect(most).toBeGreaterThan(level?.nominalSeats ?? 0)
    while (lab.running.length > 0) {
      for (const each of lab.running.splice(0)) each()
      await lab.host.advance(1)
    }
    for (let index = 0; index < 200; index++)
      lab.send(user('system:serviceaccount:a:b', 'system:serviceaccounts'))
    await lab.host.advance(20_000)
    expect(level?.currentSeats).toBeLessThan(most)
    lab.stop()
  })

  test('keeps a level that is gone until its last request is answered', async () => {
    const lab = new Lab()
    const { answer } = lab.send(somebody)
    lab.reader.remove(levels, '', 'global-default')
    expect([...lab.control.levels].find(({ name }) => name === 'global-default')?.quiescing).toBe(true)
    expect(lab.levelOf(somebody)).toBe('catch-all')
    lab.running[0]?.()
    await answer
    await lab.host.advance(1)
    expect([...lab.control.levels].map(({ name }) => name)).not.toContain('global-default')
    lab.stop()
  })

  test('shows what waits and runs', async () => {
    const lab = new Lab()
    lab.send(somebody, 'GET', '/api/v1/namespaces/a/pods/x')
    const endpoint = new FlowDebugEndpoint({
      levels: () => lab.control.levels,
      time: (ms) => new Date(lab.host.now() + ms).toISOString(),
    })
    const ask = async (target: string): Promise<string> => {
      const answer = await endpoint.handle(
        fakeRequest({ target: `/debug/api_priority_and_fairness/${target}` }),
      )
      return answer.type === 'bytes' ? new TextDecoder().decode(answer.chunks[0]) : ''
    }
    const rows = (await ask('dump_priority_levels')).split('\n')
    expect(rows[0]).toBe(
      'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests',
    )
    expect(rows[3]).toBe(
      'global-default,    0,            false,  false,       0,               1,                 1,                  0,                0,                0',
    )
    expect((await ask('dump_queues')).split('\n')).toHaveLength(2 + 64 + 64 + 16 + 3 * 128)
    const [, row = ''] = (await ask('dump_requests?includeRequestDetails=1')).split('\n')
    expect(row.replace(/ +/g, '')).toMatch(
      /^global-default,global-default,\d+,-1,somebody,[^,]+,1,0,0s,[^,]+,somebody,get,\/api\/v1\/namespaces\/a\/pods\/x,a,x,v1,pods,$/,
    )
    lab.stop()
  })

  test('a list has its seat until it has been sent', async () => {
    const lab = new Lab()
    const request = fakeRequest({ target: '/api/v1/pods', user: somebody })
    request.info = requestInfo(request)
    let to: ByteSink | undefined
    const answer = await lab.control.filter(request, async () => ({
      type: 'stream',
      status: 200,
      contentType: 'application/json',
      flushHead: false,
      start: (sink) => {
        to = sink
      },
    }))
    const [level] = [...lab.control.levels].filter(({ name }) => name === 'global-default')
    if (answer.type === 'stream') answer.start(new FakeSink())
    expect(level?.queues.seatsInUse).toBe(1)
    to?.end()
    expect(level?.queues.seatsInUse).toBe(0)
    lab.stop()
  })
})

test('danglingCondition() says what a schema should say of its level', () => {
  expect(danglingCondition(catchAllSchema, false)).toEqual({
    type: 'Dangling',
    status: 'True',
    reason: 'NotFound',
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "catch-all" but there is no such object',
  })
  const found = danglingCondition(catchAllSchema, true)
  expect(found).toMatchObject({ status: 'False', reason: 'Found' })
  const said = { ...catchAllSchema, status: { conditions: found === undefined ? [] : [found] } }
  expect(danglingCondition(said, true)).toBeUndefined()
  expect(catchAllLevel.spec?.limited?.limitResponse?.type).toBe('Reject')
})
