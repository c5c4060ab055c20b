import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Conformer } from '../apimachinery/codec/conformer.ts'
import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { Schema } from '../apimachinery/schema.ts'
import { assert } from '../base/assert.ts'
import { defaultFeatures } from './feature-gates.ts'
import { kinds } from './kinds.ts'
import { builtInSchemas } from './schemas.ts'
import { arbitraryObject } from './testing/arbitrary-object.ts'

const conformer = new Conformer(builtInSchemas)
const nowMs = Date.UTC(2026, 0, 1)

function schemaOf(kind: KindDeclaration): Schema {
  const schema = builtInSchemas.get(kind.schema)
  assert(schema !== undefined, `no schema of ${kind.kind}`)
  return schema
}

/** Objects of a kind as the decoder hands them on. */
function decodedObjects(kind: KindDeclaration): fc.Arbitrary<KubernetesObject> {
  const schema = schemaOf(kind)
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
  return arbitraryObject(schema).map((given) => {
    const object = typeof given === 'object' && given !== null ? given : {}
    const value = conformer.conform({ ...object, apiVersion, kind: kind.kind }, schema, {
      strict: false,
    }).value
    return deepFrozen({ metadata: {}, ...(typeof value === 'object' && value !== null ? value : {}) })
  })
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) deepFrozen(member)
  return Object.freeze(value)
}

const writable = kinds.filter((kind) => kind.verbs.includes('create'))
const name = (kind: KindDeclaration): string => `${kind.group}/${kind.version} ${kind.kind}`

describe.each(writable.map((kind) => [name(kind), kind] as const))('%s', (_name, kind) => {
  it('its hooks take whatever the decoder lets through, and leave it as it was', () => {
    fc.assert(
      fc.property(decodedObjects(kind), decodedObjects(kind), (given, change) => {
        const context = { nowMs, features: defaultFeatures, subresource: '' }
        const created = deepFrozen(kind.prepareForCreate(kind.defaults(given), context))
        kind.validate(created, undefined, context)
        kind.warnings?.(created, undefined)
        for (const subresource of ['', 'status', ...(kind.subresources.parts ?? [])]) {
          const write = { nowMs, features: defaultFeatures, subresource }
          const updated = deepFrozen(kind.prepareForUpdate(kind.defaults(change), created, write))
          kind.validate(updated, created, write)
          kind.warnings?.(updated, created)
        }
        for (const column of kind.columns) {
          column.since?.(created)
          column.value(created, nowMs)
        }
        for (const field of Object.values(kind.selectableFields)) expect(typeof field(created)).toBe('string')
        if (kind.stored !== undefined) kind.stored.fromStored(deepFrozen(kind.stored.toStored(created)))
        kind.gracefulDeletion?.(created, undefined)
        kind.finalized?.(created)
        kind.terminating?.(created, nowMs)
      }),
      { numRuns: 25 },
    )
  })

  it('defaults() finds nothing more to fill in the second time', () => {
    fc.assert(
      fc.property(decodedObjects(kind), (given) => {
        const once = kind.defaults(given)
        expect(kind.defaults(once)).toEqual(once)
      }),
      { numRuns: 10 },
    )
  })

  if (kind.stored !== undefined) {
    const { toStored, fromStored } = kind.stored
    it('its conversions lose nothing', () => {
      fc.assert(
        fc.property(decodedObjects(kind), (given) => {
          const object = fromStored(toStored(kind.defaults(given)))
          const stored = toStored(object)
          expect(fromStored(stored)).toEqual(object)
          expect(toStored(fromStored(stored))).toEqual(stored)
        }),
        { numRuns: 25 },
      )
    })
  }

  it('takes an object that says nothing', () => {
    const empty = conformer.conform({ metadata: { name: 'x' } }, schemaOf(kind), { strict: false }).value
    const object: KubernetesObject = typeof empty === 'object' && empty !== null ? empty : {}
    const context = { nowMs, features: defaultFeatures, subresource: '' }
    const created = kind.prepareForCreate(kind.defaults(object), context)
    kind.validate(created, undefined, context)
    for (const column of kind.columns) column.value(created, nowMs)
  })
})
