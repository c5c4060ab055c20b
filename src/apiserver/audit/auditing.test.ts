import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { impersonationFilter } from '../impersonation/impersonation-filter.ts'
import { impersonationMetrics } from '../metrics/impersonation-metrics.ts'
import { testKinds } from '../testing/test-kinds.ts'
import { everythingAllowed, startTestServer, type TestServerOptions } from '../testing/test-server.ts'
import type { AuditBackend } from './audit-backend.ts'
import type { AuditEvent } from './audit-event.ts'
import { AuditMetrics } from './audit-metrics.ts'
import { type AuditPolicy, policyEvaluator } from './audit-policy.ts'
import { Auditing } from './auditing.ts'
import { auditPolicyOf } from './testing/audit-policies.ts'

const maps = '/api/v1/namespaces/a/configmaps'
const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { k: 'v' } })

async function start(
  policy: AuditPolicy,
  rest: Partial<AuditBackend> & Omit<TestServerOptions, 'audit' | 'host'> = {},
) {
  const host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  const events: AuditEvent[] = []
  const backend: AuditBackend = {
    process: (given) => {
      events.push(...given.map(({ event }) => event))
      return true
    },
    stop: () => Promise.resolve(),
    ...rest,
  }
  const metrics = new PrometheusMetrics()
  const counts = new AuditMetrics(metrics, silentLogger)
  const audit = new Auditing({
    ...{ host, logger: silentLogger, metrics: counts, backend },
    policy: policyEvaluator(policy),
  })
  const server = await startTestServer({
    kinds: testKinds,
    host,
    impersonation: impersonationFilter({
      host,
      authorizer: everythingAllowed,
      metrics: impersonationMetrics(new PrometheusMetrics()),
    }),
    ...rest,
    audit,
  })
  return { ...server, host, events, metrics }
}

const everything = auditPolicyOf([{ level: 'RequestResponse' }])

test('Auditing tells of a request what upstream tells, stage by stage', async () => {
  const { call, events, metrics, close } = await start(everything)
  const headers = {
    'audit-id': 'mine',
    'user-agent': 'kubectl/v1',
    'x-forwarded-for': '10.1.2.3, nonsense',
    'impersonate-user': 'jane',
  }
  const answer = await call('POST', `${maps}?fieldManager=m`, map('x'), headers)
  const common = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: 'mine',
    requestURI: `${maps}?fieldManager=m`,
    verb: 'create',
    user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
    sourceIPs: ['10.1.2.3', '127.0.0.1'],
    userAgent: 'kubectl/v1',
    requestReceivedTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
  }
  expect(events).toEqual([
    {
      ...common,
      stage: 'RequestReceived',
      objectRef: { resource: 'configmaps', namespace: 'a', apiVersion: 'v1' },
      stageTimestamp: events[0]?.requestReceivedTimestamp,
    },
    {
      ...common,
      stage: 'ResponseComplete',
      impersonatedUser: { username: 'jane', groups: ['system:authenticated'] },
      authenticationMetadata: { impersonationConstraint: 'impersonate:user-info' },
      objectRef: { resource: 'configmaps', namespace: 'a', name: 'x', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: map('x'),
      responseObject: JSON.parse(answer.text),
      stageTimestamp: expect.any(String),
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    },
  ])
  expect(metrics.expose()).toContain('apiserver_audit_event_total 2')
  expect(metrics.expose()).toContain('apiserver_audit_level_total{level="RequestResponse"} 1')
  await close()
})

test('Auditing shows objects only where the policy asks for them', async () => {
  const { call, events, close } = await start(
    auditPolicyOf([
      { level: 'Metadata', verbs: ['create'] },
      { level: 'Request', verbs: ['patch'] },
    ]),
  )
  await call('POST', maps, map('x'))
  const merge = { 'content-type': 'application/merge-patch+json' }
  await call('PATCH', `${maps}/x`, { data: { k: 'w' } }, merge)
  await call('GET', `${maps}/x`)
  expect(
    events.map(({ stage, requestObject, responseObject }) => [stage, requestObject, responseObject]),
  ).toEqual([
    ['RequestReceived', undefined, undefined],
    ['ResponseComplete', undefined, undefined],
    ['RequestReceived', undefined, undefined],
    ['ResponseComplete', { data: { k: 'w' } }, undefined],
  ])
  await close()
})

test('Auditing leaves out who owns which field, of one object and of many', async () => {
  const policy = auditPolicyOf([{ level: 'RequestResponse', omitStages: ['RequestReceived'] }], {
    omitManagedFields: true,
  })
  const { call, events, close } = await start(policy)
  await call('POST', maps, map('x'))
  await call('GET', maps)
  await call('GET', maps, undefined, { accept: 'application/yaml' })
  const table = await call('GET', maps, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  })
  expect(JSON.parse(table.text).kind).toBe('Table')
  expect(events.map(({ responseObject }) => (responseObject as { kind: string }).kind)).toEqual([
    'ConfigMap',
    'ConfigMapList',
    'ConfigMapList',
    'Table',
  ])
  expect(JSON.stringify(events)).not.toContain('managedFields')
  await close()
})

test('Auditing tells of a watch when it starts and when it ends', async () => {
  const { watch, events, close } = await start(auditPolicyOf([{ level: 'Metadata' }]))
  const lines = await watch(`${maps}?watch=1`)
  expect(events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseStarted'])
  lines.stop()
  expect(events.map(({ stage, verb }) => `${verb} ${stage}`)[2]).toBe('watch ResponseComplete')
  expect(events[2]?.responseStatus).toEqual({ metadata: {}, code: 200 })
  await close()
  expect(events.length).toBe(3)
})

test('Auditing tells of refusals, and of those that nobody knows', async () => {
  const { call, events, close } = await start(everything, {
    authenticators: [
      {
        name: 'test',
        authenticate: (request) =>
          request.header('authorization') === undefined ? undefined : { user: { name: 'joe', groups: [] } },
      },
    ],
    authorizer: { ...everythingAllowed, authorize: () => ({ decision: 'no-opinion', reason: 'why' }) },
  })
  expect((await call('GET', maps)).status).toBe(401)
  expect((await call('GET', maps, undefined, { authorization: 'x' })).status).toBe(403)
  expect(events.map(({ stage, user, responseStatus }) => [stage, user, responseStatus?.code])).toEqual([
    ['ResponseStarted', {}, 401],
    ['RequestReceived', { username: 'joe' }, undefined],
    ['ResponseComplete', { username: 'joe' }, 403],
  ])
  expect(events[0]?.responseStatus).toMatchObject({ status: 'Failure', reason: 'Unauthorized' })
  expect(events[2]?.annotations).toEqual({
    'authorization.k8s.io/decision': 'forbid',
    'authorization.k8s.io/reason': 'why',
  })
  await close()
})

test('Auditing tells of panics', async () => {
  const admission: readonly AdmissionPlugin[] = [
    {
      name: 'Broken',
      handles: (operation) => operation === 'CREATE',
      validate: () => {
        throw new Error('a defect')
      },
    },
  ]
  const { call, events, close } = await start(everything, { admission })
  expect((await call('POST', maps, map('x'))).status).toBe(500)
  expect(events.at(-1)).toMatchObject({
    stage: 'Panic',
    responseStatus: { code: 500, reason: 'InternalError', message: "APIServer panic'd: a defect" },
  })
  await close()
})

test('Auditing says where the time of slow requests went', async () => {
  const { call, host, events, close } = await start(auditPolicyOf([{ level: 'Metadata' }]), {
    admission: [
      {
        name: 'Slow',
        handles: (operation) => operation === 'CREATE',
        mutate: async (attributes, object) => {
          attributes.took('mutating-webhook', 400)
          attributes.took('mutating-webhook', 200.25)
          await new Promise<void>((resolve) => void host.schedule(700, resolve))
          return object
        },
      },
    ],
  })
  const latencies = (): object =>
    Object.fromEntries(
      Object.entries(events.at(-1)?.annotations ?? {}).filter(([key]) => key.includes('latency')),
    )
  const creating = call('POST', maps, map('x'))
  await host.advance(700)
  await creating
  expect(latencies()).toEqual({
    'apiserver.latency.k8s.io/mutating-webhook': '600.25ms',
    'apiserver.latency.k8s.io/total': '700ms',
  })
  await call('GET', `${maps}/x`)
  expect(latencies()).toEqual({})
  await close()
})

test('Auditing says which versions are going to end, and counts them', async () => {
  const kinds = testKinds.map((kind) => ({ ...kind, deprecation: 'v1 is deprecated', removedIn: '1.99' }))
  const { call, events, core, close } = await start(auditPolicyOf([{ level: 'Metadata' }]), { kinds })
  const answer = await call('GET', maps)
  expect(answer.warnings).toEqual(['v1 is deprecated'])
  expect(events.at(-1)?.annotations).toMatchObject({
    'k8s.io/deprecated': 'true',
    'k8s.io/removed-release': '1.99',
  })
  expect(core.options.metrics.expose()).toContain(
    'apiserver_requested_deprecated_apis{group="",version="v1",resource="configmaps",subresource="",removed_release="1.99"} 1',
  )
  await close()
})

test('Auditing refuses requests that it cannot store', async () => {
  const { call, metrics, close } = await start(everything, { process: () => false })
  const answer = await call('GET', maps)
  expect([answer.status, answer.text]).toEqual([
    500,
    `Internal Server Error: "${maps}": failed to store audit event\n`,
  ])
  expect(metrics.expose()).toContain('apiserver_audit_requests_rejected_total 1')
  await close()
})
