import { expect, test } from 'vitest'
import type { apiextensions } from '../../generated/types/index.ts'
import { created, rejections } from '../../testing/rejections.ts'
import { CustomResourceDefinition } from './kind.ts'

const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }

function widgets(
  spec: Partial<apiextensions.v1.CustomResourceDefinitionSpec> = {},
): apiextensions.v1.CustomResourceDefinition {
  return {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'widgets', kind: 'Widget' },
      scope: 'Namespaced',
      versions: [version],
      ...spec,
    },
  }
}

test('CustomResourceDefinition.defaults() derives names, prepareForCreate() remembers the stored version', () => {
  const made = created(CustomResourceDefinition, widgets())
  expect(made.spec).toMatchObject({
    names: { singular: 'widget', listKind: 'WidgetList' },
    conversion: { strategy: 'None' },
  })
  expect(made.status?.storedVersions).toEqual(['v1'])
  expect(rejections(CustomResourceDefinition, widgets())).toEqual([])
})

test('CustomResourceDefinition.validate() wants one stored version with a schema, and its name', () => {
  const { schema: _schema, ...bare } = version
  expect(
    rejections(CustomResourceDefinition, widgets({ group: 'other', versions: [bare, version] })),
  ).toEqual([
    'metadata.name: Invalid value: "widgets.example.com": must be spec.names.plural+"."+spec.group',
    'spec.group: Invalid value: "other": should be a domain with at least one dot',
    'spec.versions[0].schema.openAPIV3Schema: Required value',
    expect.stringMatching(/^spec\.versions: Invalid value: .*: must contain unique version names$/),
    expect.stringMatching(
      /^spec\.versions: Invalid value: .*: must have exactly one version marked as storage version$/,
    ),
    'status.storedVersions: Invalid value: ["v1"]: must have the storage version v1',
  ])
  expect(
    rejections(CustomResourceDefinition, { ...widgets(), spec: { ...widgets().spec, versions: [] } }),
  ).toContain('spec.versions: Invalid value: []: must have exactly one version marked as storage version')
})

type Schema = apiextensions.v1.JSONSchemaProps

test.each<[string, Schema, readonly string[]]>([
  [
    'a word of JSON Schema alone: it cannot be read as structural',
    { type: 'object', $schema: 'x' },
    [`spec.validation.openAPIV3Schema: Invalid value: "": OpenAPIV3Schema 'schema' is not supported`],
  ],
  [
    'a word that is forbidden: nothing is said about structure',
    { type: 'object', properties: { a: { id: 'x' } } },
    ['spec.validation.openAPIV3Schema.properties[a].id: Forbidden: id is not supported'],
  ],
  [
    'definitions, which are looked at too',
    { type: 'object', definitions: { a: { type: 'odd' } } },
    [
      'spec.validation.openAPIV3Schema.definitions: Forbidden: definitions is not supported',
      'spec.validation.openAPIV3Schema.definitions[a].type: Unsupported value: "odd": supported values: "array", "boolean", "integer", "number", "object", "string"',
    ],
  ],
])('CustomResourceDefinition.validate() refuses %s', (_, openAPIV3Schema, expected) => {
  const versions = [{ ...version, schema: { openAPIV3Schema } }]
  expect(rejections(CustomResourceDefinition, widgets({ versions }))).toEqual(expected)
})

test('CustomResourceDefinition.validate() lets no defaults be where unknown fields stay', () => {
  const schema = { openAPIV3Schema: { type: 'object', properties: { a: { type: 'string', default: 'x' } } } }
  const spec = { preserveUnknownFields: true, versions: [{ ...version, schema }] }
  expect(rejections(CustomResourceDefinition, widgets(spec))).toContain(
    'spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the schema',
  )
})
