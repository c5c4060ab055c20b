import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget/kind.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let server: TestServer

beforeEach(async () => {
  server = await startTestServer({ kinds: [Pod, PodDisruptionBudget] })
})
afterEach(() => server.close())

const pods = '/api/v1/namespaces/default/pods'
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
const labels = { app: 'web' }

async function call(method: string, path: string, body?: object) {
  const answer = await server.call(method, path, body)
  return { ...answer, body: JSON.parse(answer.text) }
}

async function makePod(name: string, { phase = 'Running', isReady = true } = {}) {
  await call('POST', pods, {
    metadata: { name, labels },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
  })
  const made = (await call('GET', `${pods}/${name}`)).body
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }]
  await call('PUT', `${pods}/${name}/status`, { ...made, status: { ...made.status, phase, conditions } })
}

async function makeBudget(name: string, status: object, spec: object = {}) {
  const made = await call('POST', budgets, {
    metadata: { name },
    spec: { minAvailable: 1, selector: { matchLabels: labels }, ...spec },
  })
  const seen = { observedGeneration: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2, ...status }
  await call('PUT', `${budgets}/${name}/status`, {
    ...made.body,
    status: { disruptionsAllowed: 1, ...seen },
  })
}

const evict = (name: string, options: object = {}, query = '') =>
  call('POST', `${pods}/${name}/eviction${query}`, { metadata: { name }, deleteOptions: options })
const budget = async () => (await call('GET', `${budgets}/web`)).body.status
const exists = async (name: string) => {
  const { body } = await call('GET', `${pods}/${name}`)
  return body.metadata.deletionTimestamp === undefined && body.kind === 'Pod'
}

describe('eviction', () => {
  test('is also asked for in the version of old clients', async () => {
    await makePod('a')
    const old = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'a' } }
    expect((await call('POST', `${pods}/a/eviction`, old)).status).toBe(201)
    expect(
      (await call('POST', `${pods}/a/eviction`, { ...old, apiVersion: 'policy/v1alpha1' })).body,
    ).toMatchObject({
      message: expect.stringContaining('Eviction in version "v1alpha1" cannot be handled as a Eviction'),
    })
  })

  test('takes a disruption from the budget, until there is none', async () => {
    await makePod('a')
    await makePod('b')
    await makeBudget('web', {})
    expect((await evict('a')).status).toBe(201)
    expect(await exists('a')).toBe(false)
    expect(await budget()).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { a: expect.any(String) },
      conditions: [{ status: 'False', reason: 'InsufficientPods' }],
    })
    const refused = await evict('b')
    expect(refused.body).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: { causes: [{ reason: 'DisruptionBudget' }] },
    })
    expect(await exists('b')).toBe(true)
  })

  test.each([
    [{ observedGeneration: 0 }, 'is still being processed by the server.', 10],
    [{ currentHealthy: 1 }, 'needs 1 healthy pods and has 1 currently', undefined],
    [{}, 'does not allow evicting pods currently', undefined],
    [
      {
        conditions: [
          {
            type: 'DisruptionAllowed',
            status: 'False',
            reason: 'SyncFailed',
            message: 'no scale',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
      'does not allow evicting pods currently because it failed sync: no scale',
      undefined,
    ],
  ])('is refused by a budget with %j', async (status, why, retryAfterSeconds) => {
    await makePod('a')
    await makeBudget('web', { disruptionsAllowed: 0, ...status })
    const { body, headers } = await evict('a')
    expect(body.details.causes).toEqual([
      { reason: 'DisruptionBudget', message: `The disruption budget web ${why}` },
    ])
    expect(body.details.retryAfterSeconds).toBe(retryAfterSeconds)
    expect(headers['retry-after']).toBe(retryAfterSeconds === undefined ? undefined : '10')
  })

  test('of a dry run changes nothing, and is refused as another would be', async () => {
    await makePod('a')
    await makeBudget('web', {})
    expect((await evict('a', {}, '?dryRun=All')).status).toBe(201)
    expect((await evict('a', { dryRun: ['All'] })).status).toBe(201)
    expect(await budget()).toMatchObject({ disruptionsAllowed: 1 })
    expect(await exists('a')).toBe(true)
  })

  test('does not ask the budget for pods that nobody misses', async () => {
    await makeBudget('web', { disruptionsAllowed: 0 })
    for (const phase of ['Succeeded', 'Failed', 'Pending']) {
      const name = phase.toLowerCase()
      await makePod(name, { phase })
      expect((await evict(name)).status).toBe(201)
    }
  })

  test('of a pod that is not ready goes by the budget’s policy', async () => {
    await makePod('a', { isReady: false })
    await makePod('b', { isReady: false })
    await makeBudget('web', { disruptionsAllowed: 0, currentHealthy: 0 })
    expect((await evict('a')).status).toBe(429)
    const spec = { unhealthyPodEvictionPolicy: 'AlwaysAllow' }
    await server.call('PATCH', `${budgets}/web`, { spec }, { 'content-type': 'application/merge-patch+json' })
    expect((await evict('a')).status).toBe(201)
    await server.call('DELETE', `${budgets}/web`)
    await makeBudget('web', { disruptionsAllowed: 0, currentHealthy: 1 })
    expect((await evict('b')).status).toBe(201)
  })

  test('is an error where several budgets count the pod', async () => {
    await makePod('a')
    await makeBudget('web', {})
    await makeBudget('web2', {})
    expect((await evict('a')).body).toMatchObject({
      status: 'Failure',
      message:
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      code: 500,
    })
  })

  test('holds to the preconditions', async () => {
    await makePod('a')
    expect((await evict('a', { preconditions: { uid: 'other' } })).status).toBe(409)
    expect((await evict('a', { preconditions: { resourceVersion: '1' } })).status).toBe(409)
    const { metadata } = (await call('GET', `${pods}/a`)).body
    const { uid, resourceVersion } = metadata
    expect((await evict('a', { preconditions: { uid, resourceVersion } })).status).toBe(201)
    expect(await exists('a')).toBe(false)
  })
})
