import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { StatusError } from '../status-error.ts'
import { applyServerSide } from './apply.ts'
import { paths, pathToString } from './field-set.ts'
import { decodeManagers } from './managers.ts'
import { updateManagedFields } from './update.ts'
import { oneVersion } from './versions.ts'

/**
 * The merge's twin: objects as flat tables from paths to values, where merging is putting entries in and removing
 * others. It knows nothing of trees, which are what the merge is made of.
 */
type Flat = ReadonlyMap<string, string>
type Owners = ReadonlyMap<string, ReadonlySet<string>>

interface Port {
  readonly port: number
  readonly protocol: string
  readonly value?: number
}
interface Item {
  readonly name: string
  readonly value?: number
  readonly tags?: readonly string[]
  readonly ports?: readonly Port[]
}
interface Spec {
  readonly size?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, string>>
  readonly plain?: readonly string[]
  readonly items?: readonly Item[]
}
interface Thing extends KubernetesObject {
  readonly spec?: Spec
}

const port: Schema = { properties: { port: {}, protocol: {}, value: {} } }
const item: Schema = {
  properties: {
    name: {},
    value: {},
    tags: { type: 'array', listType: 'set', items: {} },
    ports: { type: 'array', listType: 'map', listMapKeys: ['port', 'protocol'], items: port },
  },
}
const schema: Schema = {
  properties: {
    metadata: { preserveUnknownFields: true },
    spec: {
      properties: {
        size: {},
        labels: { additionalProperties: {} },
        options: { additionalProperties: {}, mapType: 'atomic' },
        plain: { type: 'array', items: {} },
        items: { type: 'array', listType: 'map', listMapKeys: ['name'], items: item },
      },
    },
  },
}

/** Fields that only lead to others. */
const container = ''

function flatten({ spec }: Thing): Flat {
  const flat = new Map<string, string>()
  const leaf = (path: string, value: unknown): void => {
    if (value !== undefined) flat.set(path, JSON.stringify(value))
  }
  if (spec === undefined) return flat
  flat.set('.spec', container)
  leaf('.spec.size', spec.size)
  leaf('.spec.plain', spec.plain)
  if (spec.options !== undefined) leaf('.spec.options', Object.entries(spec.options).sort())
  if (spec.labels !== undefined) flat.set('.spec.labels', container)
  for (const [key, value] of Object.entries(spec.labels ?? {})) leaf(`.spec.labels.${key}`, value)
  if (spec.items !== undefined) flat.set('.spec.items', container)
  for (const { name, value, tags, ports } of spec.items ?? []) {
    const at = `.spec.items[name="${name}"]`
    leaf(at, 'an item')
    leaf(`${at}.name`, name)
    leaf(`${at}.value`, value)
    if (tags !== undefined) flat.set(`${at}.tags`, container)
    for (const tag of tags ?? []) leaf(`${at}.tags[="${tag}"]`, tag)
    if (ports !== undefined) flat.set(`${at}.ports`, container)
    for (const { port, protocol, value } of ports ?? []) {
      const inner = `${at}.ports[port=${port},protocol="${protocol}"]`
      leaf(inner, 'an item')
      leaf(`${inner}.port`, port)
      leaf(`${inner}.protocol`, protocol)
      leaf(`${inner}.value`, value)
    }
  }
  return flat
}

const said = (flat: Flat): Flat => new Map([...flat].filter(([, value]) => value !== container))
const isBelow = (path: string, above: string): boolean =>
  path !== above && path.startsWith(above) && /[.[]/.test(path.charAt(above.length))

function changedPaths(before: Flat, after: Flat): ReadonlySet<string> {
  const all = [...before.keys(), ...after.keys()]
  return new Set(all.filter((path) => before.get(path) !== after.get(path)))
}

function withoutThese(owners: Owners, paths: ReadonlySet<string>): Map<string, ReadonlySet<string>> {
  const rest = new Map<string, ReadonlySet<string>>()
  for (const [owner, set] of owners) {
    const kept = new Set([...set].filter((path) => !paths.has(path)))
    if (kept.size > 0) rest.set(owner, kept)
  }
  return rest
}

class Model {
  flat: Flat = new Map()
  owners: Owners = new Map()

  update(writer: string, thing: Thing): void {
    const after = flatten(thing)
    const changed = changedPaths(this.flat, after)
    const owners = withoutThese(this.owners, changed)
    const written = [...changed].filter((path) => after.has(path))
    if (written.length > 0) owners.set(writer, new Set([...(owners.get(writer) ?? []), ...written]))
    this.owners = owners
    this.flat = after
  }

  /** `owner path` of everything that stands against an application. */
  conflicts(writer: string, thing: Thing): readonly string[] {
    const config = flatten(thing)
    const changed = [...config].filter(([path, value]) => this.flat.get(path) !== value).map(([path]) => path)
    return [...this.owners]
      .filter(([owner]) => owner !== writer)
      .flatMap(([owner, set]) => changed.filter((path) => set.has(path)).map((path) => `${owner} ${path}`))
  }

  apply(writer: string, thing: Thing): void {
    const config = flatten(thing)
    const claims = new Set(said(config).keys())
    const merged = new Map([...this.flat, ...config])
    const others = [...this.owners].filter(([owner]) => owner !== writer).map(([, set]) => set)
    const gone = [...(this.owners.get(writer) ?? [])].filter(
      (path) => !claims.has(path) && !others.some((set) => set.has(path)),
    )
    for (const path of [...merged.keys()])
      if (gone.some((each) => path === each || isBelow(path, each))) merged.delete(path)
    const owners = withoutThese(this.owners, changedPaths(this.flat, merged))
    owners.delete(writer)
    if (claims.size > 0) owners.set(writer, claims)
    this.owners = owners
    this.flat = merged
  }
}

const small = fc.constantFrom('a', 'b', 'c')
const number = fc.integer({ min: 0, max: 2 })
const words = fc.uniqueArray(small, { minLength: 1, maxLength: 2 })
const ports = fc.uniqueArray(
  fc.record(
    { port: number, protocol: fc.constantFrom('TCP', 'UDP'), value: number },
    { requiredKeys: ['port', 'protocol'] },
  ),
  { selector: ({ port, protocol }) => `${port}${protocol}`, minLength: 1, maxLength: 2 },
)
const someSpec: fc.Arbitrary<Spec> = fc.record(
  {
    size: number,
    labels: fc.dictionary(small, small, { minKeys: 1, maxKeys: 2 }),
    options: fc.dictionary(small, small, { minKeys: 1, maxKeys: 2 }),
    plain: fc.array(small, { minLength: 1, maxLength: 2 }),
    items: fc.uniqueArray(
      fc.record({ name: small, value: number, tags: words, ports }, { requiredKeys: ['name'] }),
      { selector: ({ name }) => name, minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
)
const isSomething = (spec: Spec): boolean => Object.keys(spec).length > 0
const spec = someSpec.filter(isSomething)
const step = fc.record({
  manager: fc.constantFrom('one', 'two', 'three'),
  way: fc.constantFrom('apply', 'apply', 'force', 'update'),
  spec,
})

const management = (manager: string) => ({
  manager,
  apiVersion: 'v1',
  subresource: '',
  time: '2026-01-01T00:00:00Z',
  schema,
  empty: { metadata: {} },
  versions: oneVersion('v1', schema),
})

/** Owners by name with what they own, but for what only leads to fields. */
const told = (owners: Iterable<readonly [string, Iterable<string>]>, flat: Flat): object =>
  Object.fromEntries(
    [...owners]
      .map(([owner, set]) => [owner, [...set].filter((path) => flat.get(path) !== container).sort()] as const)
      .filter(([, set]) => set.length > 0),
  )

function ownersOf(thing: Thing): object {
  const owners = [...(decodeManagers(thing.metadata?.managedFields, true)?.values() ?? [])]
  const named = owners.map(
    ({ manager, operation, set }) => [`${manager} ${operation}`, [...paths(set)].map(pathToString)] as const,
  )
  return told(named, flatten(thing))
}

const plain = (spec: Spec): Thing => JSON.parse(JSON.stringify({ metadata: {}, spec }))

/** What stands against an application, as the model says it. */
function refusal(error: unknown): readonly string[] {
  if (!(error instanceof StatusError)) throw error
  return (error.status.details?.causes ?? []).map(({ message = '', field }) => {
    const [, owner, version] = /^conflict with "(\w+)"( using v1)?$/.exec(message) ?? []
    return `${owner} ${version === undefined ? 'Apply' : 'Update'} ${field}`
  })
}

test('applyServerSide() does what its flat twin does, whoever writes in whichever way', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) => {
      const model = new Model()
      let live: Thing | undefined
      for (const { manager, way, spec } of steps) {
        const config = plain(spec)
        if (way === 'update') {
          live = updateManagedFields(live, config, management(manager))
          model.update(`${manager} Update`, config)
        } else {
          const writer = `${manager} Apply`
          const expected = way === 'force' ? [] : model.conflicts(writer, config)
          let refused: readonly string[] = []
          try {
            live = applyServerSide(live, config, { ...management(manager), force: way === 'force' })
          } catch (error) {
            refused = refusal(error)
          }
          expect([...refused].sort()).toEqual([...expected].sort())
          if (expected.length === 0) model.apply(writer, config)
        }
        expect(Object.fromEntries(said(flatten(live ?? {})))).toEqual(Object.fromEntries(said(model.flat)))
        expect(ownersOf(live ?? {})).toEqual(told(model.owners, model.flat))
      }
    }),
    { numRuns: 300 },
  )
})

test('applyServerSide() gives the same whichever of two that do not meet comes first', () => {
  const one = spec.map(({ items: _items, ...rest }): Spec => rest).filter(isSomething)
  const two = spec
    .filter(({ items }) => items !== undefined)
    .map(({ items }): Spec => ({ items: items ?? [] }))
  fc.assert(
    fc.property(one, two, (first, second) => {
      const write = (live: Thing | undefined, manager: string, spec: Spec): Thing =>
        applyServerSide(live, plain(spec), { ...management(manager), force: false })
      const there = write(write(undefined, 'one', first), 'two', second)
      const back = write(write(undefined, 'two', second), 'one', first)
      expect(said(flatten(there))).toEqual(said(flatten(back)))
      expect(ownersOf(there)).toEqual(ownersOf(back))
    }),
    { numRuns: 200 },
  )
})
