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

const json = { 'content-type': 'application/json-patch+json' }
const merge = { 'content-type': 'application/merge-patch+json' }
const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
const apply = { 'content-type': 'application/apply-patch+yaml' }

const configMap = (name: string, data: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
})

async function patched(path: string, patch: unknown, headers: Readonly<Record<string, string>>) {
  const answer = await server.call('PATCH', path, patch, headers)
  return { code: answer.status, body: JSON.parse(answer.text), warnings: answer.warnings }
}

describe('PATCH', () => {
  test('takes JSON patches', async () => {
    await server.call('POST', maps, configMap('j', { a: '1' }))
    const { body } = await patched(
      `${maps}/j`,
      [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'add', path: '/data/b', value: '2' },
      ],
      json,
    )
    expect(body.data).toEqual({ a: '1', b: '2' })
  })

  test('refuses JSON patches that cannot be applied', async () => {
    const { code, body } = await patched(`${maps}/j`, [{ op: 'test', path: '/data/a', value: '9' }], json)
    expect([code, body.reason, body.message]).toEqual([
      422,
      'Invalid',
      'the server rejected our request due to an error in our request',
    ])
    expect((await patched(`${maps}/j`, { op: 'add' }, json)).code).toBe(400)
    const many = Array.from({ length: 10_001 }, () => ({ op: 'remove', path: '/data/a' }))
    expect((await patched(`${maps}/j`, many, json)).body.message).toBe(
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    )
  })

  test('takes merge patches', async () => {
    await server.call('POST', maps, configMap('m', { a: '1', b: '2' }))
    const { body } = await patched(`${maps}/m`, { data: { a: null, c: '3' } }, merge)
    expect(body.data).toEqual({ b: '2', c: '3' })
  })

  test('takes strategic merge patches', async () => {
    const container = { name: 'c', image: 'i' }
    await server.call('POST', pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 's' },
      spec: { containers: [container] },
    })
    const { body } = await patched(
      `${pods}/s`,
      { spec: { containers: [{ name: 'd', image: 'j' }] } },
      strategic,
    )
    expect(body.spec.containers.map(({ name }: { name: string }) => name).sort()).toEqual(['c', 'd'])
  })

  test('of a status takes only that', async () => {
    const { body } = await patched(
      `${pods}/s/status`,
      { spec: { nodeName: 'n' }, status: { phase: 'Running' } },
      merge,
    )
    expect([body.spec.nodeName, body.status.phase]).toEqual([undefined, 'Running'])
  })

  test('with a resource version is conditional', async () => {
    const { code } = await patched(`${maps}/m`, { metadata: { resourceVersion: '1' } }, merge)
    expect(code).toBe(409)
  })

  test('refuses what the patched object cannot be', async () => {
    const { code, body } = await patched(`${maps}/m`, { data: 5 }, merge)
    expect([code, body.reason]).toEqual([422, 'Invalid'])
    expect(body.message).toMatch(/^ "" is invalid: patch: Invalid value: /)
    expect((await patched(`${maps}/m`, { metadata: { name: 'n' } }, merge)).body.message).toBe(
      'the name of the object (n) does not match the name on the URL (m)',
    )
    expect((await patched(`${maps}/none`, {}, merge)).code).toBe(404)
    expect((await patched(`${maps}/m`, {}, { 'content-type': 'application/json' })).code).toBe(415)
    expect((await patched(`${maps}/m?force=true`, {}, merge)).body.message).toContain(
      'force: Forbidden: may not be specified for non-apply patch',
    )
  })

  test('warns of unknown fields', async () => {
    const { warnings } = await patched(`${maps}/m`, { extra: 1 }, merge)
    expect(warnings).toEqual(['unknown field "extra"'])
  })
})

describe('apply', () => {
  test('creates, takes over and gives up fields', async () => {
    const first = await patched(
      `${maps}/applied?fieldManager=one`,
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  a: "1"\n  b: "2"\n',
      apply,
    )
    expect([first.code, first.body.data]).toEqual([201, { a: '1', b: '2' }])
    expect(first.body.metadata.managedFields).toMatchObject([{ manager: 'one', operation: 'Apply' }])
    const other = configMap('applied', { a: '9' })
    const conflict = await patched(`${maps}/applied?fieldManager=two`, other, apply)
    expect([conflict.code, conflict.body.message]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "one": .data.a',
    ])
    const forced = await patched(`${maps}/applied?fieldManager=two&force=true`, other, apply)
    expect([forced.code, forced.body.data]).toEqual([200, { a: '9', b: '2' }])
    const dropped = await patched(`${maps}/applied?fieldManager=one`, configMap('applied', {}), apply)
    expect(dropped.body.data).toEqual({ a: '9' })
  })

  test('that changes nothing writes nothing', async () => {
    const configuration = configMap('still', { a: '1' })
    const first = await patched(`${maps}/still?fieldManager=one`, configuration, apply)
    const second = await patched(`${maps}/still?fieldManager=one`, configuration, apply)
    expect(second.body).toEqual(first.body)
  })

  test('refuses what it cannot apply', async () => {
    const path = `${maps}/wrong`
    expect((await patched(path, configMap('wrong', {}), apply)).body.message).toContain(
      'fieldManager: Required value: is required for apply patch',
    )
    const by = `${path}?fieldManager=one`
    expect((await patched(by, { ...configMap('wrong', {}), extra: 1 }, apply)).body.message).toContain(
      'failed to create typed patch object (/wrong; /v1, Kind=ConfigMap): .extra: field not declared in schema',
    )
    expect((await patched(by, { ...configMap('wrong', {}), apiVersion: 'v2' }, apply)).body.message).toBe(
      'invalid object type: /v2, Kind=ConfigMap',
    )
    expect((await patched(by, configMap('wrong', {}, { managedFields: [] }), apply)).body.message).toBe(
      'metadata.managedFields must be nil',
    )
    expect((await patched(by, configMap('wrong', {}, { uid: 'u' }), apply)).body.message).toContain(
      'uid mismatch: the provided object specified uid u, and no existing object was found',
    )
  })
})
