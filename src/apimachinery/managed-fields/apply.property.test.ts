import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { applyServerSide } from './apply.ts'
import { toFieldSet } from './compare.ts'
import { difference, type FieldSet, isEmpty, isSubset, union } from './field-set.ts'
import { decodeManagers } from './managers.ts'
import { type Fields, isMap } from './typed.ts'
import { updateManagedFields, withoutManagedFields } from './update.ts'
import { oneVersion } from './versions.ts'

const item: Schema = {
  properties: { name: {}, value: {}, tags: { type: 'array', listType: 'set', items: {} } },
}
const schema: Schema = {
  preserveUnknownFields: true,
  properties: {
    spec: {
      properties: {
        size: {},
        labels: { additionalProperties: {} },
        items: { type: 'array', listType: 'map', listMapKeys: ['name'], items: item },
        plain: { type: 'array', items: {} },
      },
    },
  },
}

const small = fc.constantFrom('a', 'b', 'c')
const items = fc.uniqueArray(
  fc.record(
    {
      name: small,
      value: fc.integer({ min: 0, max: 2 }),
      tags: fc.uniqueArray(small, { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: ['name'] },
  ),
  { selector: (entry) => entry.name, minLength: 1, maxLength: 3 },
)
const spec = fc.record(
  {
    size: fc.integer({ min: 0, max: 2 }),
    labels: fc.dictionary(small, small, { maxKeys: 2 }),
    items,
    plain: fc.array(small, { maxLength: 2 }),
  },
  { requiredKeys: [] },
)
const step = fc.record({ manager: fc.constantFrom('one', 'two', 'three'), apply: fc.boolean(), spec })

const management = (manager: string) => ({
  manager,
  apiVersion: 'v1',
  subresource: '',
  time: '2026-01-01T00:00:00Z',
  schema,
  empty: { metadata: {} },
  versions: oneVersion('v1', schema),
})

/** Whether `live` says everything that `config` says. */
function contains(live: unknown, config: unknown): boolean {
  if (Array.isArray(config)) {
    return (
      Array.isArray(live) &&
      config.every((entry) =>
        live.some((other) =>
          isMap(entry)
            ? isMap(other) && other['name'] === entry['name'] && contains(other, entry)
            : other === entry,
        ),
      )
    )
  }
  if (!isMap(config)) return live === config
  return isMap(live) && Object.entries(config).every(([key, value]) => contains(live[key], value))
}

test('applyServerSide() keeps its invariants over random writes of several managers', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      let live: KubernetesObject | undefined
      for (const { manager, apply, spec } of steps) {
        const config = JSON.parse(JSON.stringify({ metadata: {}, spec })) as KubernetesObject
        const before = JSON.stringify(live)
        const next: KubernetesObject = apply
          ? applyServerSide(live, config, { ...management(manager), force: true })
          : updateManagedFields(live, config, management(manager))
        expect(JSON.stringify(live)).toBe(before)
        if (apply) {
          expect(contains(next, { spec: config['spec' as keyof KubernetesObject] })).toBe(true)
          expect(applyServerSide(next, config, { ...management(manager), force: false })).toEqual(next)
          const own = decodeManagers(next.metadata?.managedFields, true)?.get(
            JSON.stringify([manager, 'Apply', '', '']),
          )?.set
          expect(isEmpty(difference(own, toFieldSet(config as Fields, schema)))).toBe(true)
        }
        let owned: FieldSet
        for (const entry of decodeManagers(next.metadata?.managedFields, true)?.values() ?? [])
          owned = union(owned, entry.set)
        const present = updateManagedFields(
          undefined,
          { ...withoutManagedFields(next) } as KubernetesObject,
          management('x'),
        )
        const all = decodeManagers(present.metadata?.managedFields, true)?.values().next().value?.set
        expect(isSubset(owned, union(all, toFieldSet(withoutManagedFields(next), schema)))).toBe(true)
        live = next
      }
    }),
    { numRuns: 300 },
  )
})
