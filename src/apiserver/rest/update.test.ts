import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testKinds } from '../testing/test-kinds.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ kinds: testKinds })
})
afterAll(() => server.close())

const maps = '/api/v1/namespaces/default/configmaps'
const pods = '/api/v1/namespaces/default/pods'
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases'

const configMap = (name: string, data: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
})
const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})
const lease = (name: string, metadata: object = {}) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, ...metadata },
  spec: { holderIdentity: 'me' },
})

async function made(path: string, body: object) {
  const answer = await server.call('POST', path, body)
  expect(answer.status).toBe(201)
  return JSON.parse(answer.text)
}

describe('PUT', () => {
  test('overwrites without a resource version', async () => {
    const old = await made(maps, configMap('plain', { a: '1' }))
    const answer = await server.call('PUT', `${maps}/plain`, configMap('plain', { b: '2' }))
    const now = JSON.parse(answer.text)
    expect(answer.status).toBe(200)
    expect(now.data).toEqual({ b: '2' })
    expect(now.metadata.uid).toBe(old.metadata.uid)
    expect(now.metadata.creationTimestamp).toBe(old.metadata.creationTimestamp)
    expect(Number(now.metadata.resourceVersion)).toBeGreaterThan(Number(old.metadata.resourceVersion))
    expect(now.metadata.managedFields[0].fieldsV1).toEqual({ 'f:data': { '.': {}, 'f:b': {} } })
  })

  test('of an old version conflicts', async () => {
    const old = await made(maps, configMap('versioned', { a: '1' }))
    await server.call('PUT', `${maps}/versioned`, configMap('versioned', { a: '2' }))
    const { resourceVersion } = old.metadata
    const answer = await server.call(
      'PUT',
      `${maps}/versioned`,
      configMap('versioned', { a: '3' }, { resourceVersion }),
    )
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "versioned": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'versioned', kind: 'configmaps' },
    })
  })

  test('of the same version at once lets one through', async () => {
    const { metadata } = await made(maps, configMap('raced', { a: '0' }))
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        server.call(
          'PUT',
          `${maps}/raced`,
          configMap('raced', { a: `${index + 1}` }, { resourceVersion: metadata.resourceVersion }),
        ),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)])
  })

  test('without versions at once lets all through', async () => {
    await made(maps, configMap('unconditional', { a: '0' }))
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        server.call('PUT', `${maps}/unconditional`, configMap('unconditional', { a: `${index + 1}` })),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    const versions = answers.map(({ text }) => JSON.parse(text).metadata.resourceVersion)
    expect(new Set(versions).size).toBe(10)
  })

  test('that changes nothing writes nothing', async () => {
    const old = await made(maps, configMap('same', { a: '1', b: '2' }))
    const answer = await server.call('PUT', `${maps}/same`, configMap('same', { b: '2', a: '1' }))
    expect(JSON.parse(answer.text)).toEqual(old)
  })

  const refusals: readonly [string, object, number, string][] = [
    [
      'another uid',
      configMap('fixed', {}, { uid: 'other' }),
      409,
      'Precondition failed: UID in precondition: other, UID in object meta: ',
    ],
    [
      'another name',
      configMap('else', {}),
      400,
      'the name of the object (else) does not match the name on the URL (fixed)',
    ],
    [
      'an object without a name',
      { apiVersion: 'v1', kind: 'ConfigMap' },
      400,
      'the name of the object (fixed based on URL) was undeterminable: name must be provided',
    ],
    ['a kind’s refusal', configMap('fixed', { bad: '' }), 422, 'data[bad]: Invalid value: ""'],
  ]
  for (const [what, body, code, message] of refusals) {
    test(`refuses ${what}`, async () => {
      await server.call('POST', maps, configMap('fixed', {}))
      const answer = await server.call('PUT', `${maps}/fixed`, body)
      expect(answer.status).toBe(code)
      expect(JSON.parse(answer.text).message).toContain(message)
    })
  }

  test('of what is not there is not found, unless the kind creates it', async () => {
    const answer = await server.call('PUT', `${maps}/absent`, configMap('absent', {}))
    expect(JSON.parse(answer.text)).toMatchObject({ code: 404, message: 'configmaps "absent" not found' })
    const created = await server.call('PUT', `${leases}/born`, lease('born'))
    expect(created.status).toBe(201)
    expect(JSON.parse(created.text).metadata.uid).toBeDefined()
  })

  test('needs a version where the kind says so', async () => {
    await made(leases, lease('strict'))
    const answer = await server.call('PUT', `${leases}/strict`, lease('strict'))
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 422,
      message:
        'leases.coordination.k8s.io "strict" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    })
  })

  test('counts changes of spec, and of nothing else, in generation', async () => {
    await made(pods, pod('counted'))
    const labelled = pod('counted', {}, { labels: { a: 'b' } })
    expect(JSON.parse((await server.call('PUT', `${pods}/counted`, labelled)).text).metadata.generation).toBe(
      1,
    )
    const changed = pod('counted', { nodeName: 'n' })
    expect(JSON.parse((await server.call('PUT', `${pods}/counted`, changed)).text).metadata.generation).toBe(
      2,
    )
  })

  test('of the main resource leaves status, of /status leaves spec', async () => {
    await made(pods, pod('parts'))
    const status = { ...pod('parts', { nodeName: 'n' }), status: { phase: 'Running' } }
    const first = JSON.parse((await server.call('PUT', `${pods}/parts/status`, status)).text)
    expect([first.spec.nodeName, first.status.phase]).toEqual([undefined, 'Running'])
    const main = { ...pod('parts', { nodeName: 'n' }), status: { phase: 'Failed' } }
    const second = JSON.parse((await server.call('PUT', `${pods}/parts`, main)).text)
    expect([second.spec.nodeName, second.status.phase]).toEqual(['n', 'Running'])
    const managers = second.metadata.managedFields.map((entry: { subresource?: string }) => entry.subresource)
    expect(managers).toContain('status')
  })

  test('with dryRun=All changes nothing', async () => {
    const old = await made(maps, configMap('dry', { a: '1' }))
    const answer = await server.call('PUT', `${maps}/dry?dryRun=All`, configMap('dry', { a: '2' }))
    expect(JSON.parse(answer.text).data).toEqual({ a: '2' })
    expect(JSON.parse((await server.call('GET', `${maps}/dry`)).text)).toEqual(old)
  })
})

describe('scale', () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments'
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'x', operator: 'Exists' }] },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  }

  test('shows and changes replicas', async () => {
    await made(deployments, deployment)
    const shown = JSON.parse((await server.call('GET', `${deployments}/web/scale`)).text)
    expect(shown).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 1 },
      status: { replicas: 0, selector: 'app=web,x' },
    })
    const put = await server.call('PUT', `${deployments}/web/scale`, {
      ...shown,
      spec: { replicas: 3 },
    })
    expect(JSON.parse(put.text).spec.replicas).toBe(3)
    const patched = await server.call(
      'PATCH',
      `${deployments}/web/scale`,
      { spec: { replicas: 5 } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect(JSON.parse(patched.text).spec.replicas).toBe(5)
    const whole = JSON.parse((await server.call('GET', `${deployments}/web`)).text)
    expect([whole.spec.replicas, whole.metadata.generation]).toEqual([5, 3])
    const stale = await server.call('PUT', `${deployments}/web/scale`, shown)
    expect(stale.status).toBe(409)
    const negative = await server.call('PUT', `${deployments}/web/scale`, {
      ...shown,
      metadata: { name: 'web' },
      spec: { replicas: -1 },
    })
    expect(JSON.parse(negative.text).message).toContain('spec.replicas: Invalid value: -1')
  })
})
