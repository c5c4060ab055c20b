import { expect } from 'vitest'
import { StatusError } from '../../src/cluster/index.ts'
import { define, definitionOf, definitions, instance, instances, version } from './support/definitions.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const schema = {
  type: 'object',
  description: 'Foo for testing',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: { size: { type: 'integer', minimum: 1 }, color: { type: 'string' } },
    },
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
}
const strict = { fieldValidation: 'Strict' }
const both = (a: object, b: object): readonly object[] => [
  version('v1', schema, a),
  version('v2', schema, { storage: false, ...b }),
]

const errorOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof StatusError)) throw error ?? new Error('it was not refused')
  return error.status.message ?? ''
}

/** The definition of a type in the published document, once there is one. */
const published = (ground: Ground, type: string): Promise<Record<string, unknown>> =>
  eventually(async () => {
    const { text } = await ground.raw('/openapi/v2', 'application/json')
    const found = JSON.parse(text).definitions[type]
    expect(found).toBeDefined()
    return found
  })

const typeName = (group: string, of: string, kind: string): string =>
  [...group.split('.').reverse(), of, kind].join('.')

const aggregated: Behave = async (ground) => {
  const { group, kind } = await define(ground)
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const { items } = JSON.parse((await ground.raw('/apis', accept)).text)
  const own = items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === group)
  expect(own.versions[0]).toMatchObject({
    version: 'v1',
    resources: [{ resource: 'foos', responseKind: { group, version: 'v1', kind }, scope: 'Namespaced' }],
  })
}

const refusesUnknown =
  (given: object, error: string): Behave =>
  async (ground) => {
    const defined = await define(ground, { schema })
    const path = instances(defined, ground)
    expect(await errorOf(ground.api.create(path, instance(defined, 'a', given), strict))).toContain(error)
    const query = { ...strict, fieldManager: 'test' }
    const configuration = instance(defined, 'a', given)
    const type = 'application/apply-patch+yaml'
    expect(await errorOf(ground.api.patch(`${path}/a`, configuration, type, query))).not.toBe('')
  }

const publishes =
  (given: object, shown: object): Behave =>
  async (ground) => {
    const { group, kind } = await define(ground, { schema: given })
    expect(await published(ground, typeName(group, 'v1', kind))).toMatchObject({
      ...shown,
      'x-kubernetes-group-version-kind': [{ group, kind, version: 'v1' }],
    })
  }

const open = { 'x-kubernetes-preserve-unknown-fields': true }
const resources = 'CustomResourceDefinition resources [Privileged:ClusterAdmin]'
const simple = `${resources} Simple CustomResourceDefinition`
const publish = 'CustomResourcePublishOpenAPI [Privileged:ClusterAdmin]'

behaviours('Custom resources', {
  '[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface for CRDs':
    aggregated,
  '[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery request for CRDs':
    aggregated,
  [`[sig-api-machinery] ${simple} creating/deleting custom resource definition objects works`]: async (
    ground,
  ) => {
    const defined = await define(ground)
    await ground.api.create(instances(defined, ground), instance(defined, 'a'))
    await ground.api.delete(`${definitions}/${defined.name}`)
    await eventuallyGone(() => ground.api.get(`${definitions}/${defined.name}`))
    await eventuallyGone(() => ground.api.get(instances(defined, ground)))
  },
  [`[sig-api-machinery] ${simple} listing custom resource definition objects works`]: async (ground) => {
    const { object, name } = definitionOf(ground, {})
    const labels = { test: ground.namespace }
    await ground.api.create(definitions, { ...object, metadata: { name, labels } })
    const query = { labelSelector: `test=${ground.namespace}` }
    expect(await ground.api.list(definitions, query)).toHaveLength(1)
    await ground.api.delete(definitions, query)
    await eventually(async () => expect(await ground.api.list(definitions, query)).toEqual([]))
  },
  [`[sig-api-machinery] ${simple} getting/updating/patching custom resource definition status sub-resource works`]:
    async (ground) => {
      const { name } = await define(ground)
      const condition = { type: 'StatusPatched', status: 'True', reason: 'Test', message: 'by a test' }
      const path = `${definitions}/${name}/status`
      const { status = {} } = await ground.api.get(path)
      const conditions = [...(status.conditions as readonly object[]), condition]
      const patched = await ground.api.patch(path, { status: { conditions } })
      expect(patched.status?.conditions).toContainEqual(expect.objectContaining(condition))
    },
  [`[sig-api-machinery] ${resources} custom resource defaulting for requests and from storage works`]: async (
    ground,
  ) => {
    const defined = await define(ground)
    const path = instances(defined, ground)
    await ground.api.create(path, instance(defined, 'before'))
    const withDefaults = {
      type: 'object',
      properties: { a: { type: 'string', default: 'A' }, b: { type: 'string' } },
    }
    const versions = [version('v1', withDefaults)]
    await ground.api.patch(`${definitions}/${defined.name}`, { spec: { versions } })
    const created = await ground.api.create(path, instance(defined, 'after', { b: 'B', c: 'pruned' }))
    expect(created).toMatchObject({ a: 'A', b: 'B' })
    expect(created.c).toBeUndefined()
    expect(await ground.api.get(`${path}/before`)).toMatchObject({ a: 'A' })
  },
  [`[sig-api-machinery] ${resources} should include custom resource definition resources in discovery documents`]:
    async ({ raw }) => {
      const { groups } = JSON.parse((await raw('/apis', 'application/json')).text)
      expect(groups).toContainEqual(expect.objectContaining({ name: 'apiextensions.k8s.io' }))
      const list = JSON.parse((await raw('/apis/apiextensions.k8s.io/v1', 'application/json')).text)
      expect(list.resources).toContainEqual(expect.objectContaining({ name: 'customresourcedefinitions' }))
    },
  '[sig-api-machinery] CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects':
    async (ground) => {
      const defined = await define(ground)
      const path = instances(defined, ground)
      const { metadata } = await ground.api.get(path)
      await ground.api.create(path, instance(defined, 'a', { num: { num1: 1 } }))
      await ground.api.patch(`${path}/a`, { dummy: 'test' })
      await ground.api.delete(`${path}/a`)
      const from = { resourceVersion: metadata?.resourceVersion ?? '' }
      const events = await ground.api.watch(path, from, ({ length }) => length === 3)
      expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
    },
  '[sig-api-machinery] CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector':
    async (ground) => {
      const selectableFields = [{ jsonPath: '.spec.color' }]
      const defined = await define(ground, { versions: both({ selectableFields }, { selectableFields }) })
      const path = instances(defined, ground)
      await ground.api.create(path, instance(defined, 'a', { spec: { color: 'blue' } }))
      await ground.api.create(path, instance(defined, 'b', { spec: { color: 'red' } }))
      const query = { fieldSelector: 'spec.color=blue' }
      for (const of of ['v1', 'v2'])
        expect(await ground.api.list(instances(defined, ground, of), query)).toMatchObject([
          { metadata: { name: 'a' } },
        ])
      await ground.api.patch(`${path}/a`, { spec: { color: 'red' } })
      const from = { ...query, resourceVersion: '0' }
      const waiting = ground.api.watch(path, from, (events) => events.some(({ type }) => type === 'DELETED'))
      await ground.api.patch(`${path}/b`, { spec: { color: 'blue' } })
      await ground.api.patch(`${path}/b`, { spec: { color: 'green' } })
      expect((await waiting).at(-1)?.object).toMatchObject({ metadata: { name: 'b' } })
    },
  [`[sig-api-machinery] ${publish} works for CRD with validation schema`]: publishes(schema, {
    description: 'Foo for testing',
    properties: { spec: { description: 'Specification of Foo', type: 'object' }, kind: { type: 'string' } },
  }),
  [`[sig-api-machinery] ${publish} works for CRD without validation schema`]: publishes(
    { type: 'object', ...open },
    { type: 'object' },
  ),
  [`[sig-api-machinery] ${publish} works for CRD preserving unknown fields at the schema root`]: publishes(
    { ...schema, ...open },
    { type: 'object' },
  ),
  [`[sig-api-machinery] ${publish} works for CRD preserving unknown fields in an embedded object`]: publishes(
    { type: 'object', properties: { spec: { type: 'object', ...open } } },
    { properties: { spec: open } },
  ),
  [`[sig-api-machinery] ${publish} works for multiple CRDs of same group and version but different kinds`]:
    async (ground) => {
      const foo = await define(ground, { schema })
      const bar = await define(ground, { schema, word: 'bar' })
      for (const { group, kind } of [foo, bar])
        expect(await published(ground, typeName(group, 'v1', kind))).toMatchObject({ type: 'object' })
    },
  [`[sig-api-machinery] ${publish} works for multiple CRDs of same group but different versions`]: async (
    ground,
  ) => {
    const { group, kind } = await define(ground, { versions: both({}, {}) })
    for (const of of ['v1', 'v2'])
      expect(await published(ground, typeName(group, of, kind))).toMatchObject({ type: 'object' })
  },
  [`[sig-api-machinery] ${publish} removes definition from spec when one version gets changed to not be served`]:
    async (ground) => {
      const { name, group, kind } = await define(ground, { versions: both({}, {}) })
      await published(ground, typeName(group, 'v2', kind))
      await ground.api.patch(`${definitions}/${name}`, { spec: { versions: both({}, { served: false }) } })
      await eventually(async () => {
        const { text } = await ground.raw('/openapi/v2', 'application/json')
        expect(JSON.parse(text).definitions[typeName(group, 'v2', kind)]).toBeUndefined()
      })
      await published(ground, typeName(group, 'v1', kind))
    },
  [`[sig-api-machinery] ${publish} updates the published spec when one version gets renamed`]: async (
    ground,
  ) => {
    const { name, group, kind } = await define(ground, { versions: both({}, {}) })
    const versions = [version('v1', schema), version('v3', schema, { storage: false })]
    await ground.api.patch(`${definitions}/${name}`, { spec: { versions } })
    await published(ground, typeName(group, 'v3', kind))
  },
  '[sig-api-machinery] FieldValidation should create/apply a valid CR for CRD with validation schema': async (
    ground,
  ) => {
    const defined = await define(ground, { schema })
    const path = instances(defined, ground)
    await ground.api.create(path, instance(defined, 'a', { spec: { size: 1 } }), strict)
    const query = { ...strict, fieldManager: 'test' }
    const applied = instance(defined, 'b', { spec: { size: 2 } })
    await ground.api.patch(`${path}/b`, applied, 'application/apply-patch+yaml', query)
  },
  '[sig-api-machinery] FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema':
    async (ground) => {
      const defined = await define(ground)
      const path = instances(defined, ground)
      await ground.api.create(path, instance(defined, 'a', { spec: { any: 1 } }), strict)
      const query = { ...strict, fieldManager: 'test' }
      const applied = instance(defined, 'b', { spec: { any: 1 } })
      await ground.api.patch(`${path}/b`, applied, 'application/apply-patch+yaml', query)
    },
  '[sig-api-machinery] FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema':
    refusesUnknown({ spec: { foo: 1 } }, 'strict decoding error: unknown field "spec.foo"'),
})
