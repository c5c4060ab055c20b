import { expect } from 'vitest'
import { StatusError } from '../../src/cluster/index.ts'
import { eventually } from './support/eventually.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

interface Definition {
  /** Below the behaviour's own domain. */
  readonly group?: string
  readonly kind?: string
  /** Schemas by version; the first is the stored one. */
  readonly versions: Readonly<Record<string, object>>
  readonly labels?: Readonly<Record<string, string>>
}

const groupOf = ({ namespace }: Ground, { group = 'main' }: Definition): string =>
  `${group}.${namespace}.example.com`

const pluralOf = ({ kind = 'Thing' }: Definition): string => `${kind.toLowerCase()}s`

const nameOf = (ground: Ground, of: Definition): string => `${pluralOf(of)}.${groupOf(ground, of)}`

const version = (name: string, schema: object, storage: boolean, served = true) => ({
  name,
  served,
  storage,
  schema: { openAPIV3Schema: schema },
})

/** Created, and served. */
async function define(ground: Ground, of: Definition): Promise<string> {
  const { kind = 'Thing', versions, labels = {} } = of
  const plural = pluralOf(of)
  await ground.api.create(definitions, {
    metadata: { name: nameOf(ground, of), labels },
    spec: {
      group: groupOf(ground, of),
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: Object.entries(versions).map(([name, schema], index) => version(name, schema, index === 0)),
    },
  })
  await eventually(async () => {
    const { status } = await ground.api.get(`${definitions}/${nameOf(ground, of)}`)
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Established', status: 'True' }),
    )
    for (const name of Object.keys(versions)) await ground.api.list(pathOf(ground, of, name))
  })
  return nameOf(ground, of)
}

const pathOf = (ground: Ground, of: Definition, name = 'v1'): string =>
  `/apis/${groupOf(ground, of)}/${name}/namespaces/${ground.namespace}/${pluralOf(of)}`

const objectOf = (ground: Ground, of: Definition, fields: object, metadata: object = {}) => ({
  apiVersion: `${groupOf(ground, of)}/v1`,
  kind: of.kind ?? 'Thing',
  metadata: { name: 'one', ...metadata },
  ...fields,
})

/** What OpenAPI v2 says of a kind; undefined when it says nothing. */
async function published(ground: Ground, of: Definition, name = 'v1') {
  const document = JSON.parse((await ground.raw('/openapi/v2', 'application/json')).text)
  const reversed = groupOf(ground, of).split('.').reverse().join('.')
  return document.definitions[`${reversed}.${name}.${of.kind ?? 'Thing'}`]
}

const publishes = (ground: Ground, of: Definition, name: string, properties: object) =>
  eventually(async () => {
    const found = await published(ground, of, name)
    const [group, kind] = [groupOf(ground, of), of.kind ?? 'Thing']
    expect(found?.['x-kubernetes-group-version-kind']).toEqual([{ group, kind, version: name }])
    expect(found?.type).toBe('object')
    expect(found?.properties ?? {}).toMatchObject(properties)
  })

const foo = {
  type: 'object',
  description: 'Foo CRD for Testing',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: {
        bars: {
          type: 'array',
          description: 'List of Bars and their specs.',
          items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        },
      },
    },
    status: { type: 'object', properties: { bars: { type: 'integer' } } },
  },
}

/** What every published kind shows beside its own fields. */
const own = { apiVersion: { type: 'string' }, kind: { type: 'string' } }

const publishesSeveral =
  (several: readonly Definition[]): Behave =>
  async (ground) => {
    for (const of of several) await define(ground, of)
    for (const of of several)
      for (const name of Object.keys(of.versions))
        await publishes(ground, of, name, { ...own, spec: foo.properties.spec })
  }

async function refused(call: Promise<unknown>, ...messages: readonly string[]): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof StatusError)) throw error ?? new Error('it was not refused')
  for (const message of messages) expect(error.status.message).toContain(message)
}

const strict = { fieldValidation: 'Strict' }

const open: Definition = { versions: { v1: anything } }

const duplicates: Behave = async (ground) => {
  await define(ground, open)
  const text = JSON.stringify(objectOf(ground, open, { spec: { foo: 'a', bar: 'b' } })).replace(
    '"bar":',
    '"foo":',
  )
  const answer = await ground.send(`${pathOf(ground, open)}?fieldValidation=Strict`, { body: text })
  expect([answer.status, answer.text]).toEqual([
    400,
    expect.stringContaining('duplicate field \\"spec.foo\\"'),
  ])
}

const embedded: Definition = {
  versions: {
    v1: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: {
            template: {
              type: 'object',
              'x-kubernetes-embedded-resource': true,
              properties: { metadata: { type: 'object' }, spec: anything },
            },
          },
        },
      },
    },
  },
}

const metadataFields: Behave = async (ground) => {
  await define(ground, embedded)
  const metadata = { name: 'inner', unknownSubMeta: 'y' }
  const template = { apiVersion: 'foo/v1', kind: 'Sub', metadata }
  await refused(
    ground.api.create(
      pathOf(ground, embedded),
      objectOf(ground, embedded, { spec: { template } }, { unknownMeta: 'x' }),
      strict,
    ),
    'unknown field "metadata.unknownMeta"',
    'unknown field "spec.template.metadata.unknownSubMeta"',
  )
}

const publishing = (what: string) =>
  `[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] ${what}`
const validation = (what: string) => `[sig-api-machinery] FieldValidation should ${what}`

behaviours('Fields of custom resources', {
  [publishing('works for multiple CRDs of different groups')]: publishesSeveral([
    { group: 'first', versions: { v1: foo } },
    { group: 'second', versions: { v1: foo } },
  ]),
  [validation('detect duplicates in a CR when preserving unknown fields')]: duplicates,
  [validation('detect unknown metadata fields in both the root and embedded object of a CR')]: metadataFields,
})
