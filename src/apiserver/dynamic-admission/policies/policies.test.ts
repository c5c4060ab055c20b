import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MutatingAdmissionPolicyPlugin } from '../../admission/mutating-admission-policy/mutating-admission-policy.ts'
import { ValidatingAdmissionPolicyPlugin } from '../../admission/validating-admission-policy/validating-admission-policy.ts'
import { noxu, noxuDefinition, noxusPath } from '../../custom-resources/testing/custom-server.ts'
import { type AdmissionServer, configurations, startAdmissionServer } from '../testing/admission-server.ts'

const mapsPath = '/api/v1/namespaces/default/configmaps'
const map = (name: string, data: Record<string, string> = {}, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data,
})

let server: AdmissionServer

beforeEach(async () => {
  server = await startAdmissionServer((options) => [
    new MutatingAdmissionPolicyPlugin(options),
    new ValidatingAdmissionPolicyPlugin(options),
  ])
  await server.create('/api/v1/namespaces', { metadata: { name: 'default', labels: { team: 'a' } } })
})
afterEach(() => server.stop())

const ofMaps = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }

/** A policy of a kind, and a binding of the same name. */
async function bind(
  kind: 'validating' | 'mutating',
  name: string,
  spec: object,
  binding: object = {},
): Promise<void> {
  const matchConstraints = { resourceRules: [{ ...ofMaps, operations: ['CREATE', 'UPDATE'] }] }
  await server.create(`${configurations}/${kind}admissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints, ...spec },
  })
  await server.create(`${configurations}/${kind}admissionpolicybindings`, {
    metadata: { name },
    spec: { policyName: name, ...(kind === 'validating' ? { validationActions: ['Deny'] } : {}), ...binding },
  })
}

async function refusal(path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await server.call('POST', path, body)
  expect(answer.status).toBeGreaterThanOrEqual(400)
  return JSON.parse(answer.text)
}

describe('ValidatingAdmissionPolicy', () => {
  test('denies in the words of its message, its expression or the rule', async () => {
    await bind('validating', 'p', {
      variables: [{ name: 'size', expression: 'object.data.size()' }],
      validations: [
        { expression: 'variables.size < 2', messageExpression: "'has ' + string(variables.size)" },
        { expression: "!('secret' in object.data)", message: ' is open ', reason: 'Forbidden' },
        { expression: "object.data.?a.orValue('') == 'a'" },
      ],
    })
    await server.create(mapsPath, map('good', { a: 'a' }))
    const why = (text: string): string =>
      `ValidatingAdmissionPolicy 'p' with binding 'p' denied request: ${text}`
    expect(await refusal(mapsPath, map('m', { a: 'a', b: 'b' }))).toMatchObject({
      reason: 'Invalid',
      code: 422,
      message: `configmaps "m" is forbidden: ${why('has 2')}`,
      details: { name: 'm', kind: 'configmaps', causes: [{ message: why('has 2') }] },
    })
    expect(await refusal(mapsPath, map('m', { secret: 'x' }))).toMatchObject({
      reason: 'Forbidden',
      code: 403,
    })
    expect((await refusal(mapsPath, map('m', { b: 'b' }))).message).toContain(
      "failed expression: object.data.?a.orValue('') == 'a'",
    )
    expect(server.metrics.expose()).toContain(
      'apiserver_validating_admission_policy_check_total{policy="p",policy_binding="p",error_type="invalid_error",enforcement_action="deny"}',
    )
  })

  test('only warns where its binding says so', async () => {
    const validations = [{ expression: 'false', message: 'never' }]
    await bind('validating', 'p', { validations }, { validationActions: ['Warn', 'Audit'] })
    const answer = await server.call('POST', mapsPath, map('m'))
    expect([answer.status, answer.warnings]).toEqual([
      201,
      ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p': never"],
    ])
  })

  test('goes by what it may know: who asks, the namespace, names and labels', async () => {
    const matchResources = {
      objectSelector: { matchLabels: { checked: 'yes' } },
      namespaceSelector: { matchLabels: { team: 'a' } },
    }
    const matchConstraints = {
      resourceRules: [ofMaps],
      excludeResourceRules: [{ ...ofMaps, resourceNames: ['free'] }],
    }
    const expression = [
      "request.userInfo.username == 'admin' && request.operation == 'CREATE'",
      "namespaceObject.metadata.labels.team == 'a' && oldObject == null",
      "authorizer.requestResource.check('delete').allowed() && object.metadata.name != 'm'",
    ].join(' && ')
    await bind('validating', 'p', { matchConstraints, validations: [{ expression }] }, { matchResources })
    const labels = { labels: { checked: 'yes' } }
    await server.create(mapsPath, map('m'))
    await server.create(mapsPath, map('free', {}, labels))
    await server.create(mapsPath, map('n', {}, labels))
    await server.call('DELETE', `${mapsPath}/m`)
    expect((await refusal(mapsPath, map('m', {}, labels))).message).toContain('failed expression')
  })

  test('takes parameters by name or selector, of built-in kinds and custom resources', async () => {
    await server.define(noxuDefinition({ type: 'object', properties: { max: { type: 'integer' } } }))
    const spec = {
      paramKind: { apiVersion: 'mygroup.example.com/v1', kind: 'WishIHadChosenNoxu' },
      validations: [
        { expression: 'size(object.data) <= params.max', messageExpression: "'max ' + string(params.max)" },
      ],
    }
    const paramRef = { name: 'limit', parameterNotFoundAction: 'Deny' }
    await bind('validating', 'p', spec, { paramRef })
    expect((await refusal(mapsPath, map('m'))).message).toContain(
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    )
    await server.create(noxusPath, noxu('limit', { max: 1 }))
    await server.create(mapsPath, map('m', { a: 'a' }))
    expect((await refusal(mapsPath, map('n', { a: 'a', b: 'b' }))).message).toContain('max 1')
    const selector = { matchLabels: { limit: 'yes' } }
    const byLabel = { selector, parameterNotFoundAction: 'Allow' }
    const kind = { apiVersion: 'v1', kind: 'ConfigMap' }
    const validations = [{ expression: 'object.metadata.name != params.data.name' }]
    await bind('validating', 'q', { paramKind: kind, validations }, { paramRef: byLabel })
    await server.create(mapsPath, map('o', { a: 'a' }))
    await server.create(mapsPath, map('params', { name: 'banned' }, { labels: { limit: 'yes' } }))
    expect((await refusal(mapsPath, map('banned', { a: 'a' }))).message).toContain(
      "ValidatingAdmissionPolicy 'q'",
    )
    await bind('validating', 'r', { ...spec, paramKind: { apiVersion: 'x/v1', kind: 'Y' } }, { paramRef })
    expect((await refusal(mapsPath, map('s', { a: 'a' }))).message).toContain(
      "ValidatingAdmissionPolicy 'r' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'x/v1, Kind=Y'",
    )
  })

  test('fails or lets go what it cannot evaluate, as its failure policy says', async () => {
    const validations = [{ expression: 'object.data.missing == "x"' }]
    await bind('validating', 'lenient', { validations, failurePolicy: 'Ignore' })
    await server.create(mapsPath, map('m', { a: 'a' }))
    await bind('validating', 'strict', { validations })
    expect((await refusal(mapsPath, map('n', { a: 'a' }))).message).toContain(
      `denied request: expression 'object.data.missing == "x"' resulted in error: no such key: missing`,
    )
    const matchConditions = [{ name: 'never', expression: 'false' }]
    await server.call('DELETE', `${configurations}/validatingadmissionpolicies/strict`)
    await bind('validating', 'unmet', { validations: [{ expression: 'false' }], matchConditions })
    await server.create(mapsPath, map('n', { a: 'a' }))
  })

  test('stops where expressions cost too much together', async () => {
    const long = Array.from({ length: 100 }, (_, index) => index)
    const heavy = `[${long}].all(a, [${long}].all(b, [${long}].all(c, c >= 0 || b >= 0 || a >= 0)))`
    await bind('validating', 'p', { validations: [{ expression: heavy }] })
    expect((await refusal(mapsPath, map('m'))).message).toMatch(
      /actual cost limit exceeded|out of cost budget/,
    )
  })

  test('is never asked about policies', async () => {
    const all = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }
    await bind('validating', 'no', {
      matchConstraints: { resourceRules: [all] },
      validations: [{ expression: 'false' }],
    })
    await refusal(mapsPath, map('m'))
    await bind('validating', 'other', { validations: [{ expression: 'true' }] })
  })
})

describe('MutatingAdmissionPolicy', () => {
  const apply = (expression: string): object => ({
    patchType: 'ApplyConfiguration',
    applyConfiguration: { expression },
  })
  const patch = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

  test('merges configurations and applies patches, one mutation after the other', async () => {
    await bind('mutating', 'p', {
      reinvocationPolicy: 'Never',
      variables: [{ name: 'who', expression: 'request.userInfo.username' }],
      mutations: [
        apply('Object{metadata: Object.metadata{labels: {"by": variables.who}}}'),
        patch(
          '[JSONPatch{op: "test", path: "/data/a", value: "other"}, JSONPatch{op: "remove", path: "/data"}]',
        ),
        patch(
          '[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("x/y"), value: object.metadata.labels["by"]}]',
        ),
      ],
    })
    expect(await server.create(mapsPath, map('m', { a: 'a' }, { labels: { own: '1' } }))).toMatchObject({
      metadata: { labels: { own: '1', by: 'admin', 'x/y': 'admin' } },
      data: { a: 'a' },
    })
    await server.call('DELETE', `${mapsPath}/m`)
  })

  test('keeps the other items of lists with keys, and does not touch atomic ones', async () => {
    const matchConstraints = {
      resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    }
    await bind('mutating', 'p', {
      matchConstraints,
      reinvocationPolicy: 'Never',
      mutations: [
        apply('Object{spec: Object.spec{containers: [Object.spec.containers{name: "side", image: "s"}]}}'),
      ],
    })
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    const created = await server.create('/api/v1/namespaces/default/pods', pod)
    expect(created.spec).toMatchObject({
      containers: [
        { name: 'c', image: 'i' },
        { name: 'side', image: 's' },
      ],
    })
    await bind('mutating', 'q', {
      matchConstraints,
      reinvocationPolicy: 'Never',
      mutations: [
        apply('Object{spec: Object.spec{containers: [Object.spec.containers{name: "c", command: ["x"]}]}}'),
      ],
    })
    const why =
      "policy 'q' with binding 'q' denied request: error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].command"
    expect(
      await refusal('/api/v1/namespaces/default/pods', { ...pod, metadata: { name: 'q' } }),
    ).toMatchObject({
      reason: 'Invalid',
      code: 403,
      message: why,
      details: { causes: [{ message: why }] },
    })
  })

  test('sees changes of later policies where it wants to', async () => {
    const seen = 'Object{metadata: Object.metadata{labels: {"size": string(object.data.size())}}}'
    await bind('mutating', 'a', { reinvocationPolicy: 'IfNeeded', mutations: [apply(seen)] })
    await bind('mutating', 'b', {
      reinvocationPolicy: 'Never',
      mutations: [apply('Object{data: {"more": "x"}}')],
    })
    expect(await server.create(mapsPath, map('m', { a: 'a' }))).toMatchObject({
      metadata: { labels: { size: '2' } },
    })
  })

  test.each([
    ['Object{spec: Object.other{}}', /type mismatch: unexpected type name "Object.other"/],
    [
      'Object{nothing: 1}',
      /error applying patch: failed to convert patch object to typed object: .nothing: field not declared in schema/,
    ],
    ['Object{data: {"a": object.data.missing}}', /resulted in error: no such key: missing/],
  ])('refuses what comes of %s', async (expression, why) => {
    await bind('mutating', 'p', { reinvocationPolicy: 'Never', mutations: [apply(expression)] })
    expect((await refusal(mapsPath, map('m', { a: 'a' }))).message).toMatch(why)
  })

  test('changes custom resources, whose fields come from their definitions', async () => {
    const items = {
      type: 'object',
      properties: { name: { type: 'string' }, n: { type: 'integer' } },
      required: ['name'],
    }
    const list = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items,
    }
    await server.define(noxuDefinition({ type: 'object', properties: { list } }))
    const rules = [{ operations: ['CREATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['noxus'] }]
    await bind('mutating', 'p', {
      matchConstraints: { resourceRules: rules },
      reinvocationPolicy: 'Never',
      mutations: [apply('Object{list: [Object.list{name: "b", n: 2}]}')],
    })
    const created = await server.create(noxusPath, noxu('n', { list: [{ name: 'a', n: 1 }] }))
    expect(created.list).toEqual([
      { name: 'a', n: 1 },
      { name: 'b', n: 2 },
    ])
  })
})
