import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MutatingAdmissionWebhook } from '../../admission/mutating-admission-webhook/mutating-admission-webhook.ts'
import { ValidatingAdmissionWebhook } from '../../admission/validating-admission-webhook/validating-admission-webhook.ts'
import type { Audit } from '../../chain/chain.ts'
import { noxu, noxuDefinition, noxusPath } from '../../custom-resources/testing/custom-server.ts'
import {
  type AdmissionServer,
  configurations,
  hookAt,
  patchOf,
  type Review,
  startAdmissionServer,
} from '../testing/admission-server.ts'

const mapsPath = '/api/v1/namespaces/default/configmaps'
const map = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
})

let server: AdmissionServer
/** Whether bodies are audited, and the annotations of the last request. */
let audited: { wantsSent: boolean; annotations: Readonly<Record<string, string>> }

const audit: Audit = {
  filter: async (request, next) => {
    const ignore = (): void => {}
    request.audit = {
      ...{ wantsSent: audited.wantsSent, wantsAnswer: false },
      ...{ sent: ignore, sentPatch: ignore, impersonated: ignore, answered: ignore },
    }
    const answer = await next(request)
    audited.annotations = Object.fromEntries(request.annotations)
    return answer
  },
  refused: (_request, error) => Promise.reject(error),
  flush: () => {},
}

beforeEach(async () => {
  audited = { wantsSent: false, annotations: {} }
  server = await startAdmissionServer(
    (options) => [new MutatingAdmissionWebhook(options), new ValidatingAdmissionWebhook(options)],
    { audit },
  )
  await server.create('/api/v1/namespaces', { metadata: { name: 'default', labels: { team: 'a' } } })
})
afterEach(() => server.stop())

const configure = (kind: 'mutating' | 'validating', name: string, ...webhooks: object[]): Promise<unknown> =>
  server.create(`${configurations}/${kind}webhookconfigurations`, { metadata: { name }, webhooks })

const allow = (): object => ({ allowed: true })

/** Refusals come as Statuses. */
const refusal = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
  const answer = await server.call(method, path, body)
  expect(answer.status).toBeGreaterThanOrEqual(400)
  return JSON.parse(answer.text)
}

describe('MutatingAdmissionWebhook', () => {
  test('patches what is written, in the order of the configurations, and says what it is shown', async () => {
    const seen: Review[] = []
    const add = (key: string) => (request: Review) => {
      seen.push(request)
      return { allowed: true, ...patchOf([{ op: 'add', path: `/data/${key}`, value: key }]) }
    }
    server.hooks.set('/two', add('b'))
    server.hooks.set('/one', add('a'))
    await configure('mutating', 'second', hookAt('two'))
    await configure('mutating', 'first', hookAt('one'))
    const sent = map('m', { data: { x: 'x' } })
    expect(await server.create(mapsPath, sent)).toMatchObject({ data: { x: 'x', a: 'a', b: 'b' } })
    expect(seen).toMatchObject([
      {
        operation: 'CREATE',
        name: 'm',
        namespace: 'default',
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        requestKind: { kind: 'ConfigMap' },
        userInfo: { username: 'admin' },
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
        object: { kind: 'ConfigMap', data: { x: 'x' } },
        oldObject: null,
        dryRun: false,
      },
      { object: { data: { a: 'a' } } },
    ])
  })

  test('tells auditors what it did, and how where they see bodies', async () => {
    server.hooks.set('/one', () => ({
      allowed: true,
      auditAnnotations: { fine: 'yes', 'not/fine': 'no' },
      ...patchOf([{ path: '/data/a', op: 'add', value: '<' }]),
    }))
    await configure('mutating', 'first', hookAt('one'))
    await server.create(mapsPath, map('m', { data: { x: 'x' } }))
    const asked = '"configuration":"first","webhook":"one.example.com"'
    const did = {
      'mutation.webhook.admission.k8s.io/round_0_index_0': `{${asked},"mutated":true}`,
      'one.example.com/fine': 'yes',
    }
    expect(audited.annotations).toMatchObject(did)
    expect(Object.keys(audited.annotations).filter((key) => !key.startsWith('authorization'))).toEqual(
      Object.keys(did).sort().reverse(),
    )
    audited.wantsSent = true
    await server.create(mapsPath, map('n', { data: { x: 'x' } }))
    const patch = '"patch":[{"op":"add","path":"/data/a","value":"\\u003c"}],"patchType":"JSONPatch"'
    expect(audited.annotations).toMatchObject({
      ...did,
      'patch.webhook.admission.k8s.io/round_0_index_0': `{${asked},${patch}}`,
    })
  })

  test('asks those again that want to see later changes', async () => {
    let calls = 0
    server.hooks.set('/count', ({ object }) => {
      calls++
      const seen = Object.keys((object?.data ?? {}) as object).length
      return {
        allowed: true,
        ...patchOf([{ op: 'add', path: '/metadata/labels', value: { seen: `${seen}` } }]),
      }
    })
    server.hooks.set('/add', () => ({
      allowed: true,
      ...patchOf([{ op: 'add', path: '/data', value: { more: 'x' } }]),
    }))
    await configure('mutating', 'hooks', hookAt('count', { reinvocationPolicy: 'IfNeeded' }), hookAt('add'))
    expect(await server.create(mapsPath, map('m'))).toMatchObject({ metadata: { labels: { seen: '1' } } })
    expect(calls).toBe(2)
  })

  test('cannot change what is deleted, but refuse it', async () => {
    await server.create(mapsPath, map('m'))
    server.hooks.set('/hook', ({ oldObject }) => ({
      allowed: oldObject === null,
      status: { message: 'not this one', reason: 'Because', code: 418 },
    }))
    await configure('mutating', 'hooks', hookAt('hook'))
    expect(await refusal('DELETE', `${mapsPath}/m`)).toMatchObject({
      message: 'admission webhook "hook.example.com" denied the request: not this one',
      reason: 'Because',
      code: 418,
    })
    server.hooks.set('/hook', () => ({ allowed: true, ...patchOf([{ op: 'remove', path: '/data' }]) }))
    expect(await refusal('DELETE', `${mapsPath}/m`)).toMatchObject({
      message:
        'Internal error occurred: admission webhook "hook.example.com" attempted to modify the object, which is not supported for this operation',
    })
  })

  test('cannot spoil managed fields', async () => {
    const entry = { manager: 'x', operation: 'Whatever', apiVersion: 'v1', fieldsType: 'FieldsV1' }
    server.hooks.set('/hook', () => ({
      allowed: true,
      ...patchOf([{ op: 'add', path: '/metadata/managedFields/-', value: entry }]),
    }))
    await configure('mutating', 'hooks', hookAt('hook'))
    const answer = await server.call('POST', mapsPath, map('m', { data: { a: 'a' } }))
    expect(JSON.parse(answer.text).metadata.managedFields).toHaveLength(1)
    expect(answer.warnings).toEqual([expect.stringMatching(/please fix your requests: operation must be/)])
  })

  test('defaults and prunes custom resources that it changed', async () => {
    await server.define(
      noxuDefinition({
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: { a: { type: 'string' }, b: { type: 'string', default: 'x' } },
          },
        },
      }),
    )
    const rules = [{ operations: ['CREATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['noxus'] }]
    server.hooks.set('/hook', () => ({
      allowed: true,
      ...patchOf([{ op: 'add', path: '/spec', value: { a: 'set', unknown: 1 } }]),
    }))
    await configure('mutating', 'hooks', hookAt('hook', { rules }))
    expect(await server.create(noxusPath, noxu('n'))).toMatchObject({ spec: { a: 'set', b: 'x' } })
    expect((await server.get(`${noxusPath}/n`)).spec).toEqual({ a: 'set', b: 'x' })
  })

  test.each([
    [
      { patch: 'x' },
      'received invalid webhook response: webhook returned response.patch but not response.patchType',
    ],
    [
      { patchType: 'JSONPatch' },
      'received invalid webhook response: webhook returned response.patchType but not response.patch',
    ],
    [{ uid: 'x' }, /received invalid webhook response: expected response.uid="[-0-9a-f]+", got "x"/],
    [
      { patch: 'e30=', patchType: 'JSONPatch' },
      /received undecodable patch in webhook response: json: cannot unmarshal/,
    ],
  ] as const)('fails where the answer makes no sense: %j', async (answer, why) => {
    server.hooks.set('/hook', () => ({ allowed: true, ...answer }))
    await configure('mutating', 'hooks', hookAt('hook'))
    const { message, code } = await refusal('POST', mapsPath, map('m'))
    expect(code).toBe(500)
    expect(message).toMatch(why instanceof RegExp ? why : /./)
    if (typeof why === 'string')
      expect(message).toBe(`Internal error occurred: failed calling webhook "hook.example.com": ${why}`)
  })
})

describe('ValidatingAdmissionWebhook', () => {
  test('is not asked where rules, selectors or conditions leave a request out', async () => {
    const asked: string[] = []
    server.hooks.set('/hook', ({ name = '' }) => {
      asked.push(name)
      return { allowed: true }
    })
    const conditions = [{ name: 'c', expression: "object.metadata.name.startsWith('x')" }]
    await configure(
      'validating',
      'hooks',
      hookAt('hook', { objectSelector: { matchLabels: { seen: 'yes' } } }),
      hookAt('hook', { name: 'b.example.com', namespaceSelector: { matchLabels: { team: 'b' } } }),
      hookAt('hook', { name: 'c.example.com', matchConditions: conditions }),
    )
    await server.create(mapsPath, map('plain'))
    await server.create(mapsPath, map('x'))
    await server.create(
      mapsPath,
      map('labelled', { metadata: { name: 'labelled', labels: { seen: 'yes' } } }),
    )
    expect(asked).toEqual(['x', 'labelled'])
  })

  test('that cannot be reached counts as its policy says', async () => {
    await configure('validating', 'hooks', hookAt('gone', { failurePolicy: 'Ignore' }))
    await server.create(mapsPath, map('m'))
    await configure('validating', 'others', hookAt('gone'))
    expect(await refusal('POST', mapsPath, map('n'))).toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed calling webhook "gone.example.com": failed to call webhook: Post "https://hooks.test/gone?timeout=10s": dial tcp 127.0.0.1:443: connect: connection refused',
    })
    const text = server.metrics.expose()
    expect(text).toContain(
      'apiserver_admission_webhook_fail_open_count{name="gone.example.com",type="validating"} 2',
    )
    expect(text).toContain(
      'apiserver_admission_webhook_rejection_count{name="gone.example.com",type="validating",operation="CREATE",error_type="calling_webhook_error",rejection_code="503"} 1',
    )
  })

  test('warns, refuses without a word, and sees dry runs that it can take', async () => {
    server.hooks.set('/hook', ({ name }) => ({ allowed: name !== 'no', warnings: ['careful'] }))
    await configure('validating', 'hooks', hookAt('hook'))
    expect((await server.call('POST', mapsPath, map('m'))).warnings).toEqual(['careful'])
    expect(await refusal('POST', mapsPath, map('no'))).toMatchObject({
      code: 400,
      message: 'admission webhook "hook.example.com" denied the request without explanation',
    })
    await server.create(`${mapsPath}?dryRun=All`, map('dry'))
  })

  test('sees an object in the version that its rules name', async () => {
    const names = { plural: 'noxus', kind: 'WishIHadChosenNoxu' }
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    const versions = ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === 'v1', schema }))
    await server.define(noxuDefinition({}, {}, { names, versions }))
    const seen: unknown[] = []
    server.hooks.set('/hook', ({ kind, requestKind, object }) => {
      seen.push([kind.version, requestKind, object?.apiVersion])
      return { allowed: true }
    })
    const rules = [
      { operations: ['*'], apiGroups: ['mygroup.example.com'], apiVersions: ['v2'], resources: ['noxus'] },
    ]
    await configure(
      'validating',
      'hooks',
      hookAt('hook', { rules }),
      hookAt('hook', { name: 'exact.example.com', rules, matchPolicy: 'Exact' }),
    )
    await server.create(noxusPath, noxu('n'))
    expect(seen).toMatchObject([['v2', { version: 'v1' }, 'mygroup.example.com/v2']])
  })

  test('is shown what subresources take, and never what configures it', async () => {
    await server.create('/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'd' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    })
    const seen: unknown[] = []
    server.hooks.set('/hook', ({ kind, subResource, operation, object }) => {
      seen.push([operation, kind.kind, subResource, object?.spec])
      return { allowed: true }
    })
    const rules = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }]
    await configure('validating', 'hooks', hookAt('hook', { rules }))
    await configure('mutating', 'hooks', hookAt('hook', { rules }))
    await server.call('PUT', '/apis/apps/v1/namespaces/default/deployments/d/scale', {
      metadata: { name: 'd', namespace: 'default' },
      spec: { replicas: 3 },
    })
    expect(seen).toEqual([
      ['UPDATE', 'Scale', 'scale', { replicas: 3 }],
      ['UPDATE', 'Scale', 'scale', { replicas: 3 }],
    ])
    expect(await server.get('/apis/apps/v1/namespaces/default/deployments/d')).toMatchObject({
      spec: { replicas: 3 },
    })
  })

  test('that conditions fail is a refusal unless its policy ignores it', async () => {
    server.hooks.set('/hook', allow)
    const matchConditions = [{ name: 'c', expression: 'object.data.missing == "x"' }]
    await configure('validating', 'hooks', hookAt('hook', { matchConditions, failurePolicy: 'Ignore' }))
    await server.create(mapsPath, map('m', { data: { x: '' } }))
    await configure('validating', 'strict', hookAt('hook', { matchConditions }))
    expect(await refusal('POST', mapsPath, map('n', { data: { x: '' } }))).toMatchObject({
      code: 403,
      message: `configmaps "n" is forbidden: expression 'object.data.missing == "x"' resulted in error: no such key: missing`,
    })
  })
})
