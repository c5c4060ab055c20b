import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import {
  type CustomServer,
  definitionsPath,
  noxu,
  noxuDefinition,
  noxusPath,
  parsed,
  startCustomServer,
} from './testing/custom-server.ts'

let server: CustomServer
let metrics: PrometheusMetrics

const converter =
  () =>
  (objects: readonly KubernetesObject[], apiVersion: string): Promise<readonly KubernetesObject[]> =>
    Promise.resolve(
      objects.map((object) => {
        const { spec = {}, ...rest } = object as { readonly spec?: Record<string, string> }
        const { hostPort, host, port } = spec
        const [before = '', after = ''] = (hostPort ?? '').split(':')
        const next = apiVersion.endsWith('v1')
          ? { hostPort: `${host}:${port}` }
          : { host: before, port: after }
        return { ...rest, apiVersion, spec: next }
      }),
    )

beforeEach(async () => {
  metrics = new PrometheusMetrics()
  server = await startCustomServer({ converter, metrics })
})

afterEach(() => server.stop())

const create = async (spec: object) => {
  const answer = await server.call('POST', noxusPath, noxu('a', { spec }))
  return { status: answer.status, body: parsed(answer) }
}

const specOf = (properties: object, more: object = {}): object => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
})

describe('a custom resource', () => {
  it('is pruned, defaulted and validated by its schema', async () => {
    await server.define(
      noxuDefinition(
        specOf({ replicas: { type: 'integer', minimum: 1, default: 3 }, image: { type: 'string' } }),
      ),
    )
    expect((await create({ unknown: 1 })).body).toMatchObject({ spec: { replicas: 3 } })
    const refused = await server.call('POST', noxusPath, noxu('b', { spec: { replicas: 0 } }))
    expect(refused.status).toBe(422)
    expect(parsed(refused)).toMatchObject({
      reason: 'Invalid',
      message:
        'WishIHadChosenNoxu.mygroup.example.com "b" is invalid: spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1',
    })
    const strict = await server.call(
      'POST',
      `${noxusPath}?fieldValidation=Strict`,
      noxu('c', { spec: { unknown: 1 } }),
    )
    expect(parsed(strict)).toMatchObject({ reason: 'BadRequest' })
    expect(strict.text).toContain('strict decoding error: unknown field \\"spec.unknown\\"')
    const warned = await server.call('POST', noxusPath, noxu('d', { spec: { unknown: 1 } }))
    expect(warned.warnings).toEqual(['unknown field "spec.unknown"'])
  })

  it('keeps the rules of its schema', async () => {
    await server.define(
      noxuDefinition(
        specOf(
          { min: { type: 'integer' }, max: { type: 'integer' }, name: { type: 'string', maxLength: 10 } },
          {
            'x-kubernetes-validations': [
              {
                rule: 'self.min <= self.max',
                messageExpression: "'min is too much for ' + self.name",
              },
              { rule: 'self.name == oldSelf.name', message: 'name is immutable', fieldPath: '.name' },
            ],
          },
        ),
      ),
    )
    const wrong = await create({ min: 2, max: 1, name: 'x' })
    expect(wrong.body).toMatchObject({
      message:
        'WishIHadChosenNoxu.mygroup.example.com "a" is invalid: spec: Invalid value: min is too much for x',
    })
    expect((await create({ min: 1, max: 1, name: 'x' })).status).toBe(201)
    const patch = { spec: { name: 'y' } }
    const headers = { 'content-type': 'application/merge-patch+json' }
    const changed = await server.call('PATCH', `${noxusPath}/a`, patch, headers)
    expect(parsed(changed)).toMatchObject({
      message:
        'WishIHadChosenNoxu.mygroup.example.com "a" is invalid: spec.name: Invalid value: name is immutable',
    })
    const measured = metrics.expose()
    expect(measured).toContain('apiserver_cel_compilation_duration_seconds_count 1\n')
    expect(measured).toContain('apiserver_cel_evaluation_duration_seconds_count 3\n')
  })

  it('keeps integers of 64 bits', async () => {
    await server.define(noxuDefinition({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }))
    const body = JSON.stringify(noxu('a', { num: 0 })).replace('"num":0', '"num":9223372036854775807')
    const created = await server.call('POST', noxusPath, body)
    expect(created.text).toContain('"num":9223372036854775807')
    const headers = { 'content-type': 'application/merge-patch+json' }
    const patched = await server.call('PATCH', `${noxusPath}/a`, { other: 1 }, headers)
    expect(patched.text).toContain('"num":9223372036854775807')
    expect((await server.call('GET', noxusPath)).text).toContain('"num":9223372036854775807')
  })

  it('is shown in its columns', async () => {
    const columns = [{ name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' }]
    const schema = specOf({ replicas: { type: 'integer' } })
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }
    const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
    const shown = { additionalPrinterColumns: columns, subresources: { scale } }
    await server.define(noxuDefinition(schema, {}, { versions: [{ ...version, ...shown }] }))
    await create({ replicas: 5 })
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const table = parsed(await server.call('GET', noxusPath, undefined, { accept }))
    expect(table).toMatchObject({
      columnDefinitions: [{ name: 'Name' }, { name: 'Replicas', type: 'integer' }],
      rows: [{ cells: ['a', 5] }],
    })
    expect(parsed(await server.call('GET', `${noxusPath}/a/scale`, undefined, { accept }))).toMatchObject({
      columnDefinitions: [{ name: 'Name' }, { name: 'Desired' }, { name: 'Available' }, { name: 'Age' }],
      rows: [{ cells: ['a', 5, 0, expect.any(String)] }],
    })
  })

  it('says which patches it takes', async () => {
    await server.define(noxuDefinition(specOf({})))
    await create({})
    const headers = { 'content-type': 'application/strategic-merge-patch+json' }
    const refused = await server.call('PATCH', `${noxusPath}/a`, {}, headers)
    expect(refused.status).toBe(415)
    expect(parsed(refused)).toMatchObject({
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    })
  })

  it('has fields to select it by', async () => {
    const schema = specOf({ color: { type: 'string' } })
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }
    await server.define(
      noxuDefinition(
        schema,
        {},
        { versions: [{ ...version, selectableFields: [{ jsonPath: '.spec.color' }] }] },
      ),
    )
    await create({ color: 'blue' })
    expect(await server.get(`${noxusPath}?fieldSelector=spec.color%3Dblue`)).toMatchObject({
      items: [{ metadata: { name: 'a' } }],
    })
    expect(await server.get(`${noxusPath}?fieldSelector=spec.color%3Dred`)).toMatchObject({ items: [] })
    expect((await server.call('GET', `${noxusPath}?fieldSelector=spec.size%3D1`)).status).toBe(400)
  })

  it('is applied by its schema', async () => {
    await server.define(
      noxuDefinition(
        specOf({
          list: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
          },
        }),
      ),
    )
    const apply = (manager: string, name: string) =>
      server.call(
        'PATCH',
        `${noxusPath}/a?fieldManager=${manager}`,
        noxu('a', { spec: { list: [{ name }] } }),
        { 'content-type': 'application/apply-patch+yaml' },
      )
    expect((await apply('one', 'x')).status).toBe(201)
    expect(parsed(await apply('two', 'y'))).toMatchObject({ spec: { list: [{ name: 'x' }, { name: 'y' }] } })
  })
})

describe('several versions', () => {
  const v1 = { name: 'v1', served: true, storage: true }
  const v2 = { name: 'v2', served: true, storage: false }
  const open = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const v2Path = noxusPath.replace('/v1/', '/v2/')

  it('show the same object', async () => {
    await server.define(
      noxuDefinition(
        {},
        {},
        {
          versions: [
            { ...v1, schema: open },
            { ...v2, schema: open },
          ],
        },
      ),
    )
    await create({ a: 1 })
    expect(await server.get(`${v2Path}/a`)).toMatchObject({
      apiVersion: 'mygroup.example.com/v2',
      spec: { a: 1 },
    })
  })

  it('are converted by a webhook', async () => {
    const webhook = {
      clientConfig: { service: { namespace: 'default', name: 'convert' } },
      conversionReviewVersions: ['v1'],
    }
    const conversion = { strategy: 'Webhook', webhook }
    await server.define(
      noxuDefinition(
        {},
        {},
        {
          conversion,
          versions: [
            { ...v1, schema: open },
            { ...v2, schema: open },
          ],
        },
      ),
    )
    await create({ hostPort: 'h:1' })
    const watch = await server.watch(`${v2Path}?watch=true`)
    expect(await server.get(`${v2Path}/a`)).toMatchObject({
      apiVersion: 'mygroup.example.com/v2',
      spec: { host: 'h', port: '1' },
    })
    const second = { apiVersion: 'mygroup.example.com/v2', spec: { host: 'i', port: '2' } }
    const created = await server.call('POST', v2Path, { ...noxu('b'), ...second })
    expect(created.status).toBe(201)
    expect(parsed(created)).toMatchObject(second)
    expect(await server.get(`${noxusPath}/b`)).toMatchObject({ spec: { hostPort: 'i:2' } })
    const events = await watch.until(2)
    expect(events.map(({ object }) => object.apiVersion)).toEqual([
      'mygroup.example.com/v2',
      'mygroup.example.com/v2',
    ])
    watch.stop()
    expect((await server.call('DELETE', `${v2Path}/b`)).status).toBe(200)
    expect((await server.call('GET', `${v2Path}/b`)).status).toBe(404)
  })
})

describe('a definition', () => {
  const errorsOf = async (schema: object): Promise<unknown> => {
    const { details } = parsed(await server.call('POST', definitionsPath, noxuDefinition(schema))) as {
      details?: { causes?: readonly { field: string; message: string }[] }
    }
    return details?.causes?.map(({ field, message }) => `${field}: ${message}`)
  }
  const root = 'spec.validation.openAPIV3Schema'

  it.each<[object, string]>([
    [
      { type: 'object', properties: { spec: {} } },
      `${root}.properties[spec].type: Required value: must not be empty for specified object fields`,
    ],
    [
      specOf({ a: { type: 'string', default: 1 } }),
      `${root}.properties[spec].properties[a].default: Invalid value: "integer":  in body must be of type string: "integer"`,
    ],
    [
      specOf({ a: { type: 'string', pattern: '(' } }),
      `${root}.properties[spec].properties[a].pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(\``,
    ],
    [
      specOf({ a: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'map' } }),
      `${root}.properties[spec].properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    ],
  ])('%# is refused', async (schema, error) => {
    expect(await errorsOf(schema)).toContain(error)
  })

  it('is refused for rules that do not compile', async () => {
    const rules = { 'x-kubernetes-validations': [{ rule: 'self.b > 1' }] }
    const errors = await errorsOf(specOf({ a: { type: 'integer' } }, rules))
    const shown =
      '{"Rule":"self.b \\u003e 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}'
    const at = `${root}.properties[spec].x-kubernetes-validations[0].rule`
    expect(errors).toContain(
      `${at}: Invalid value: ${shown}: compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b > 1\n | ....^`,
    )
  })
})
