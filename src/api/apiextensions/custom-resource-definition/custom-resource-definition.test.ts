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
  ])
})
