import { describe, expect, test } from 'vitest'
import { resources } from './generated/resources.ts'
import { kinds, subresourceKinds } from './kinds.ts'
import { builtInSchemas } from './schemas.ts'

const idOf = (kind: { group: string; version: string; resource: string }): string =>
  `${kind.group}/${kind.version}/${kind.resource}`

test('kinds holds every resource of the API, once', () => {
  expect(kinds.map(idOf).sort()).toEqual(resources.map(idOf).sort())
})

describe.each(kinds.map((kind) => [idOf(kind), kind] as const))('%s', (id, kind) => {
  const facts = resources.find((resource) => idOf(resource) === id)
  test('agrees with the facts of the API', () => {
    expect({ kind: kind.kind, namespaced: kind.namespaced, verbs: [...kind.verbs].sort() }).toEqual({
      kind: facts?.kind,
      namespaced: facts?.namespaced,
      verbs: [...(facts?.verbs ?? [])].sort(),
    })
    expect(kind.subresources.status !== undefined).toBe(facts?.subresources.status !== undefined)
    expect(kind.subresources.scale !== undefined).toBe(facts?.subresources.scale !== undefined)
  })
  test('names a schema', () => {
    expect(builtInSchemas.get(kind.schema)).toBeDefined()
  })
  test('has a column that is its name, where it has columns of its own', () => {
    if (kind.columns.length === 0) return
    expect(kind.columns.some((column) => column.name === 'Name')).toBe(true)
  })
})

test('no two kinds share a place in the store, but for versions of one', () => {
  const owners = new Map<string, string>()
  for (const kind of kinds.filter((candidate) => candidate.verbs.includes('watch'))) {
    const known = owners.get(kind.storagePrefix)
    if (known !== undefined) expect(known).toBe(kind.resource)
    owners.set(kind.storagePrefix, kind.resource)
  }
  const stored = kinds.filter((kind) => kind.verbs.includes('watch') && kind.stored === undefined)
  expect(new Set(stored.map(({ storagePrefix }) => storagePrefix)).size).toBe(stored.length)
})

test('subresourceKinds name schemas', () => {
  for (const kind of subresourceKinds) expect(builtInSchemas.get(kind.schema)).toBeDefined()
})
