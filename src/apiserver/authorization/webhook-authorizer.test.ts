import { beforeEach, describe, expect, it } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import type { Host } from '../../base/host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import type { VirtualHost } from '../../base/virtual-host.ts'
import { testHost } from '../../client/testing/test-host.ts'
import type { AuthorizerAttributes } from '../authorizer.ts'
import type { OutsideAnswer, OutsideCaller, OutsideRequest } from '../outside/outside-caller.ts'
import { authorizationMetrics } from './authorization-metrics.ts'
import { compileCondition, reviewEnvironment } from './review-conditions.ts'
import { UnionAuthorizer } from './union-authorizer.ts'
import { WebhookAuthorizer, type WebhookSettings } from './webhook-authorizer.ts'

const attributes: AuthorizerAttributes = {
  user: { name: 'jane', uid: 'u1', groups: ['devs'], extra: { 'example.org/a': ['b'] } },
  verb: 'list',
  isResourceRequest: true,
  path: '',
  group: '',
  version: 'v1',
  namespace: 'default',
  resource: 'pods',
  subresource: '',
  name: '',
  fieldSelector: 'spec.nodeName=n1',
  labelSelector: 'app in (a,b),tier,!old,size>3',
}

const answer = (status: number, body: object): OutsideAnswer => ({
  status,
  header: () => undefined,
  text: JSON.stringify(body),
})

let host: VirtualHost
let metrics: PrometheusMetrics
let sent: OutsideRequest[]
let reply: (request: OutsideRequest) => OutsideAnswer | Promise<OutsideAnswer>
beforeEach(() => {
  host = testHost()
  metrics = new PrometheusMetrics()
  sent = []
  reply = () => answer(201, { status: { allowed: true, reason: 'because' } })
})

function webhook(more: Partial<WebhookSettings> = {}, on: Host = host): WebhookAuthorizer {
  const caller: OutsideCaller = {
    call: async (request) => {
      sent.push(request)
      return reply(request)
    },
    close: () => {},
  }
  const settings: WebhookSettings = {
    name: 'hook',
    url: 'https://hook.test/authorize',
    reviewVersion: 'v1',
    allowedLifeMs: 300_000,
    deniedLifeMs: 30_000,
    timeoutMs: 3_000,
    onFailure: 'no-opinion',
    conditions: [],
    ...more,
  }
  return new WebhookAuthorizer({
    host: on,
    logger: silentLogger,
    metrics: authorizationMetrics(metrics),
    caller,
    settings,
  })
}

/** What is decided once all waiting has ended. */
async function decide(authorizer: WebhookAuthorizer, asked: AuthorizerAttributes = attributes) {
  const decided = Promise.resolve(authorizer.authorize(asked))
  await host.advance(60_000)
  return decided
}

const condition = (text: string) => {
  const compiled = compileCondition(reviewEnvironment(), text)
  if ('error' in compiled) throw new Error(compiled.error)
  return compiled
}

describe('WebhookAuthorizer', () => {
  it('sends the whole question, with the selectors it understands', async () => {
    expect(await decide(webhook())).toEqual({ decision: 'allow', reason: 'because' })
    expect(sent[0]?.url).toBe('https://hook.test/authorize?timeout=3s')
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
      kind: 'SubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      status: { allowed: false },
      spec: {
        resourceAttributes: {
          namespace: 'default',
          verb: 'list',
          version: 'v1',
          resource: 'pods',
          fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }] },
          labelSelector: {
            requirements: [
              { key: 'app', operator: 'In', values: ['a', 'b'] },
              { key: 'old', operator: 'DoesNotExist' },
              { key: 'tier', operator: 'Exists' },
            ],
          },
        },
        user: 'jane',
        uid: 'u1',
        groups: ['devs'],
        extra: { 'example.org/a': ['b'] },
      },
    })
  })

  it('calls groups "group" in the older version', async () => {
    await decide(webhook({ reviewVersion: 'v1beta1' }))
    const { apiVersion, spec } = JSON.parse(sent[0]?.body ?? '')
    expect(apiVersion).toBe('authorization.k8s.io/v1beta1')
    expect(spec).toMatchObject({ group: ['devs'] })
    expect(spec).not.toHaveProperty('groups')
  })

  it('remembers what was allowed for longer than what was not', async () => {
    const authorizer = webhook({ allowedLifeMs: 300_000, deniedLifeMs: 70_000 })
    for (let asked = 0; asked < 3; asked++) await decide(authorizer)
    expect(sent).toHaveLength(1)
    reply = () => answer(200, { status: { allowed: false } })
    const other = { ...attributes, verb: 'delete' }
    for (let asked = 0; asked < 4; asked++) await decide(authorizer, other)
    expect(sent).toHaveLength(3)
  })

  it('never remembers questions whose words would fill the memory', async () => {
    const authorizer = webhook()
    const large = { ...attributes, name: 'x'.repeat(10_000) }
    for (let asked = 0; asked < 2; asked++) await decide(authorizer, large)
    expect(sent).toHaveLength(2)
  })

  it('tries five times what may pass, and once what will not', async () => {
    reply = () => answer(500, { kind: 'Status', reason: 'InternalError', code: 500, message: 'broken' })
    expect(await decide(webhook())).toMatchObject({ decision: 'no-opinion', error: 'broken' })
    expect(sent).toHaveLength(5)
    sent = []
    reply = () => answer(403, {})
    expect((await decide(webhook({ onFailure: 'deny' }))).decision).toBe('deny')
    expect(sent).toHaveLength(1)
    expect(metrics.expose()).toContain(
      'apiserver_authorization_webhook_evaluations_fail_open_total{name="hook",result="error"} 1',
    )
  })

  it('gives up after its timeout', async () => {
    reply = ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    const { error } = await webhook({ timeoutMs: 5 }, realHost).authorize(attributes)
    expect(error).toBe('Post "https://hook.test/authorize?timeout=5ms": context deadline exceeded')
    expect(metrics.expose()).toContain('webhook_evaluations_total{name="hook",result="timeout"} 1')
  })

  it('denies what is allowed and denied at once, with an error', async () => {
    reply = () => answer(200, { status: { allowed: true, denied: true } })
    expect(await decide(webhook())).toMatchObject({
      decision: 'deny',
      error: 'webhook subject access review returned both allow and deny response',
    })
  })

  it('is not asked where a condition is false, and fails by its policy where one cannot be evaluated', async () => {
    const onlyKube = condition("request.resourceAttributes.namespace == 'kube-system'")
    expect(await decide(webhook({ conditions: [onlyKube] }))).toEqual({ decision: 'no-opinion', reason: '' })
    const paths = condition("request.nonResourceAttributes.path == '/x'")
    expect(await decide(webhook({ conditions: [paths], onFailure: 'deny' }))).toMatchObject({
      decision: 'deny',
      error:
        "cel evaluation error: expression 'request.nonResourceAttributes.path == '/x'' resulted in error: no such key: nonResourceAttributes",
    })
    expect((await decide(webhook({ conditions: [paths, onlyKube], onFailure: 'deny' }))).decision).toBe(
      'no-opinion',
    )
    expect(sent).toHaveLength(0)
    const selected = condition(
      "request.resourceAttributes.fieldSelector.requirements.exists(r, r.key == 'spec.nodeName')",
    )
    expect((await decide(webhook({ conditions: [selected] }))).decision).toBe('allow')
    expect(metrics.expose()).toContain(
      'apiserver_authorization_match_condition_exclusions_total{type="Webhook",name="hook"} 2',
    )
  })

  it('leaves its error behind where the next one allows', async () => {
    reply = () => answer(403, {})
    const allow = { decision: 'allow', reason: '' } as const
    const rulesFor = () => ({
      resourceRules: [],
      nonResourceRules: [],
      incomplete: false,
      evaluationError: '',
    })
    const next = { authorize: () => allow, rulesFor }
    expect(await new UnionAuthorizer([webhook(), next]).authorize(attributes)).toEqual(allow)
    const alone = await new UnionAuthorizer([webhook()]).authorize(attributes)
    expect(alone).toMatchObject({ decision: 'no-opinion', error: '{}' })
  })
})

describe('compileCondition()', () => {
  it.each([
    ['request.nope', /^compilation failed: ERROR: <input>:1:8: undefined field 'nope'/],
    ['request.user', /^must evaluate to bool but got string$/],
  ])('%s is refused', (text, error) => {
    const compiled = compileCondition(reviewEnvironment(), text)
    expect('error' in compiled ? compiled.error : '').toMatch(error)
  })
})
