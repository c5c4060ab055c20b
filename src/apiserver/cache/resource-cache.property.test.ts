import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defineKind } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { parseFieldSelector } from '../../apimachinery/selectors/field-selector.ts'
import { parseLabelSelector } from '../../apimachinery/selectors/parse-label-selector.ts'
import type { ChangeType } from './cache-event.ts'
import { DecodedObjects } from './decoded-objects.ts'
import { ResourceCache } from './resource-cache.ts'

interface Thing extends KubernetesObject {
  readonly spec: { readonly node: string }
}

const kind = defineKind<Thing>({
  group: '',
  version: 'v1',
  kind: 'Thing',
  resource: 'things',
  namespaced: true,
  schema: '',
  selectableFields: { 'spec.node': (thing) => thing.spec.node },
})

const letter = fc.constantFrom('a', 'b', 'c')
const step = fc.record({
  namespace: letter,
  name: fc.nat(200).map((number) => `n${number}`),
  label: fc.option(letter),
  node: letter,
  remove: fc.boolean(),
  foreign: fc.boolean(),
})
const selectors = fc.record({
  namespace: fc.constantFrom('', 'a', 'b'),
  labels: fc.constantFrom('', 'x=a', 'x!=a', 'x in (a,b)', '!x', 'x'),
  fields: fc.constantFrom('', 'spec.node=a', 'spec.node!=a', 'metadata.name=n7', 'metadata.namespace=b'),
  limit: fc.constantFrom(0, 1, 7),
  prepareAt: fc.nat(600),
  selectFrom: fc.nat(600),
})

test('ResourceCache selects and announces as looking at every object would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, minLength: 300 }), selectors, (steps, wanted) => {
      const cache = new ResourceCache(kind, new DecodedObjects(1000), { maxEvents: 50, maxBytes: 1e6 })
      const selection = {
        namespace: wanted.namespace,
        labels: parseLabelSelector(wanted.labels),
        fields: parseFieldSelector(wanted.fields),
      }
      const twin = new Map<string, Thing>()
      const matches = (thing: Thing | undefined): boolean =>
        thing !== undefined &&
        (wanted.namespace === '' || thing.metadata?.namespace === wanted.namespace) &&
        selection.labels.matches(thing.metadata?.labels) &&
        selection.fields.matches((field) =>
          field === 'spec.node'
            ? thing.spec.node
            : ((field === 'metadata.name' ? thing.metadata?.name : thing.metadata?.namespace) ?? ''),
        )
      let preparing: Iterator<undefined> | undefined
      const told: string[] = []
      const expected: string[] = []
      cache.hub.add(selection, {
        deliver: (event, type: ChangeType) =>
          told.push(`${type} ${event.subject(type).id} ${event.revision}`),
        progress: () => {},
        terminate: () => {},
      })
      steps.forEach(({ namespace, name, label, node, remove, foreign }, index) => {
        const id = `${namespace}/${name}`
        const revision = index + 1
        const before = twin.get(id)
        const object: Thing = {
          metadata: { name, namespace, ...(label === null ? {} : { labels: { x: label } }) },
          spec: { node },
        }
        const { bytes, metadataLength } = cache.layout.store(object)
        if (remove) {
          twin.delete(id)
          cache.remove(id, revision)
        } else {
          twin.set(id, object)
          cache.put(id, bytes, revision, foreign ? undefined : { object, metadataLength })
        }
        const [was, is] = [matches(before), matches(twin.get(id))]
        if (was || is) expected.push(`${is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED'} ${id} ${revision}`)
        // An index is made while objects change, or at once when somebody selects meanwhile.
        if (index === wanted.prepareAt) preparing = cache.prepare(selection)[Symbol.iterator]()
        if (index > wanted.prepareAt && index % 60 === 0) preparing?.next()
        if (index > wanted.selectFrom && index % 97 === 0) cache.select(selection)
      })
      for (let pause = preparing?.next(); pause !== undefined && !pause.done; ) pause = preparing?.next()
      expect(told).toEqual(expected)
      const ids = [...twin]
        .filter(([, thing]) => matches(thing))
        .map(([id]) => id)
        .sort()
      const { objects, remaining, more } = cache.select(selection, { limit: wanted.limit })
      const limit = wanted.limit === 0 ? ids.length : wanted.limit
      expect(objects.map(({ id }) => id)).toEqual(ids.slice(0, limit))
      expect(more).toBe(ids.length > limit)
      if (remaining !== undefined) expect(remaining).toBe(Math.max(0, ids.length - limit))
      const after = ids[3] ?? ''
      expect(cache.select(selection, { after }).objects.map(({ id }) => id)).toEqual(
        ids.filter((id) => id > after),
      )
    }),
    { numRuns: 60 },
  )
})
