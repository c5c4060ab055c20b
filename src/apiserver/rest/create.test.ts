import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import { testKinds } from '../testing/test-kinds.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ kinds: testKinds })
})
afterAll(() => server.close())

const path = '/api/v1/namespaces/default/configmaps'
const configMap = (metadata: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata,
  ...more,
})

describe('POST', () => {
  test('fills metadata that is the server’s, whatever the client says', async () => {
    const metadata = {
      name: 'filled',
      uid: 'mine',
      creationTimestamp: '2000-01-01T00:00:00Z',
      selfLink: '/x',
    }
    const answer = await server.call('POST', path, configMap(metadata, { data: { a: '1' } }), {
      'user-agent': 'kubectl/v1.32.0 (linux/amd64)',
    })
    expect(answer.status).toBe(201)
    const { metadata: made } = JSON.parse(answer.text)
    expect(made.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(made.creationTimestamp).not.toBe('2000-01-01T00:00:00Z')
    expect(made.selfLink).toBeUndefined()
    expect(made.namespace).toBe('default')
    expect(made.resourceVersion).toMatch(/^\d+$/)
    expect(made.managedFields).toEqual([
      expect.objectContaining({
        manager: 'kubectl',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } },
      }),
    ])
  })

  test('leaves out empty maps that Go leaves out, and nobody owns them', async () => {
    for (const query of ['?dryRun=All', '']) {
      const sent = configMap({ name: 'hollow', labels: {}, annotations: {} }, { data: {} })
      const answer = await server.call('POST', `${path}${query}`, sent)
      expect(answer.status).toBe(201)
      const { metadata, ...rest } = JSON.parse(answer.text)
      expect(rest).toEqual({ apiVersion: 'v1', kind: 'ConfigMap' })
      expect(Object.keys(metadata).sort()).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(?:labels|annotations|managedFields)$/)]),
      )
    }
  })

  test('writes nothing for a client that accepts no answer to it', async () => {
    const accept = { accept: 'application/json;as=Chart;g=meta.k8s.io;v=v1' }
    const answer = await server.call('POST', path, configMap({ name: 'unwanted' }), accept)
    expect(answer.status).toBe(406)
    expect((await server.call('GET', `${path}/unwanted`, undefined, accept)).status).toBe(406)
    expect((await server.call('GET', `${path}/unwanted`)).status).toBe(404)
  })

  test('makes a name of five of upstream’s characters from generateName', async () => {
    const answer = await server.call('POST', path, configMap({ generateName: 'made-' }))
    expect(JSON.parse(answer.text).metadata.name).toMatch(/^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })

  const refusals: readonly [string, object, number, string, string][] = [
    [
      'a name without a name',
      configMap({}),
      422,
      'Invalid',
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
    [
      'a malformed name',
      configMap({ name: 'A' }),
      422,
      'Invalid',
      'ConfigMap "A" is invalid: metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist',
    ],
    [
      'what the kind refuses',
      configMap({ name: 'x' }, { data: { bad: 'b' } }),
      422,
      'Invalid',
      'ConfigMap "x" is invalid: data[bad]: Invalid value: "b": must be absent',
    ],
    [
      'another namespace than the URL’s',
      configMap({ name: 'x', namespace: 'other' }),
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'a resource version',
      configMap({ name: 'x', resourceVersion: '5' }),
      500,
      '',
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'another kind',
      { ...configMap({ name: 'x' }), kind: 'Pod' },
      400,
      'BadRequest',
      'Pod in version "v1" cannot be handled as a ConfigMap',
    ],
  ]
  for (const [what, body, code, reason, message] of refusals) {
    test(`refuses ${what}`, async () => {
      const answer = await server.call('POST', path, body)
      const status = JSON.parse(answer.text)
      expect([answer.status, status.reason ?? '']).toEqual([code, reason])
      expect(status.message).toContain(message)
      expect(status).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code })
    })
  }

  test('refuses a name that is taken', async () => {
    await server.call('POST', path, configMap({ name: 'taken' }))
    const answer = await server.call('POST', path, configMap({ name: 'taken' }))
    expect(JSON.parse(answer.text)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "taken" already exists',
      reason: 'AlreadyExists',
      details: { name: 'taken', kind: 'configmaps' },
      code: 409,
    })
  })

  test('of the same name at once lets one through', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => server.call('POST', path, configMap({ name: 'raced' }))),
    )
    const codes = answers.map(({ status }) => status).sort()
    expect(codes).toEqual([201, ...Array.from({ length: 19 }, () => 409)])
  })

  test('with dryRun=All stores nothing', async () => {
    const answer = await server.call('POST', `${path}?dryRun=All`, configMap({ name: 'dry' }))
    expect(answer.status).toBe(201)
    expect(JSON.parse(answer.text).metadata.uid).toBeDefined()
    expect((await server.call('GET', `${path}/dry`)).status).toBe(404)
  })

  test('warns of unknown fields, or refuses them under Strict', async () => {
    const body = { ...configMap({ name: 'unknown' }), extra: 1 }
    const warned = await server.call('POST', path, body)
    expect([warned.status, warned.warnings]).toEqual([201, ['unknown field "extra"']])
    const strict = await server.call('POST', `${path}?fieldValidation=Strict`, body)
    expect(strict.status).toBe(400)
    expect(JSON.parse(strict.text).message).toContain('strict decoding error: unknown field "extra"')
    const ignored = await server.call('POST', `${path}?fieldValidation=Ignore`, {
      ...body,
      metadata: { name: 'ignored' },
    })
    expect([ignored.status, ignored.warnings]).toEqual([201, []])
  })

  test('passes the kind’s own warnings on', async () => {
    const answer = await server.call('POST', path, configMap({ name: 'warned' }, { data: { old: '' } }))
    expect(answer.warnings).toEqual(['data[old]: is deprecated'])
  })

  test('drops owner references that are there twice', async () => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }
    const answer = await server.call(
      'POST',
      path,
      configMap({ name: 'owned', ownerReferences: [owner, owner] }),
    )
    expect(JSON.parse(answer.text).metadata.ownerReferences).toEqual([owner])
    expect(answer.warnings[0]).toContain('duplicate UID(s) observed: u')
  })

  test('refuses parameters that it does not know', async () => {
    const dryRun = await server.call('POST', `${path}?dryRun=Some`, configMap({ name: 'x' }))
    expect(JSON.parse(dryRun.text).message).toBe(
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    )
    const validation = await server.call('POST', `${path}?fieldValidation=No`, configMap({ name: 'x' }))
    expect(validation.status).toBe(422)
  })

  test('refuses a media type that it cannot read', async () => {
    const answer = await server.call('POST', path, 'x', { 'content-type': 'text/plain' })
    expect(answer.status).toBe(415)
    expect(JSON.parse(answer.text).message).toBe(
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    )
  })

  test('starts the generation of kinds that count it', async () => {
    const answer = await server.call('POST', '/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'first', generation: 7 },
      spec: { containers: [{ name: 'c', image: 'i' }] },
      status: { phase: 'Running' },
    })
    const pod = JSON.parse(answer.text)
    expect(pod.metadata.generation).toBe(1)
    expect(pod.status?.phase).toBeUndefined()
  })
})

test('POST of a list whose items lack their keys makes an object that nobody owns', async () => {
  const accounts = await startTestServer({ kinds: [...testKinds, ServiceAccount] })
  try {
    const account = { metadata: { name: 'a' }, secrets: [{ kind: 'Secret' }] }
    const answer = await accounts.call('POST', '/api/v1/namespaces/default/serviceaccounts', account)
    expect(answer.status).toBe(201)
    expect(JSON.parse(answer.text)).toMatchObject({ secrets: [{}] })
    expect(answer.text).not.toContain('managedFields')
  } finally {
    await accounts.close()
  }
})
