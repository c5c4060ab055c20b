import { expect, test } from 'vitest'
import type { ObjectMeta } from '../../apimachinery/meta.ts'
import { DependencyGraph } from './dependency-graph.ts'
import type { Identity } from './identity.ts'

const identityOf = (name: string): Identity => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: 'default',
  name,
  uid: `uid-of-${name}`,
})

const ownedBy = (name: string, blockOwnerDeletion = true): ObjectMeta => ({
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid: `uid-of-${name}`, blockOwnerDeletion }],
})

const inForeground: ObjectMeta = {
  deletionTimestamp: '2026-01-01T00:00:00Z',
  finalizers: ['foregroundDeletion'],
}

/** A graph, and the names for which an attempt is asked for. */
function graphOf() {
  const attempts: string[] = []
  const graph = new DependencyGraph({
    attemptDelete: ({ identity }) => attempts.push(identity.name),
    attemptOrphan: () => {},
    invalidOwner: () => {},
  })
  return { graph, attempts }
}

test('remove() releases an owner that waits when the last dependent goes that blocks it', () => {
  const { graph, attempts } = graphOf()
  graph.observe(identityOf('owner'), {})
  const names = Array.from({ length: 100_000 }, (_, index) => `d${index}`)
  for (const name of names) graph.observe(identityOf(name), ownedBy('owner'))
  graph.observe(identityOf('free'), ownedBy('owner', false))
  graph.observe(identityOf('owner'), inForeground)
  attempts.length = 0
  for (const name of names.slice(1)) graph.remove(identityOf(name).uid)
  expect(attempts).toEqual([])
  graph.remove(identityOf('d0').uid)
  expect(attempts).toEqual(['owner'])
})

test('unobserve() keeps what owns something, and takes nobody for gone', () => {
  const { graph, attempts } = graphOf()
  graph.observe(identityOf('owner'), {})
  graph.observe(identityOf('dependent'), ownedBy('owner'))
  attempts.length = 0
  graph.unobserve({ apiVersion: 'v1', kind: 'ConfigMap' })
  expect(attempts).toEqual([])
  expect([...graph.nodes()].map(({ identity, isVirtual }) => [identity.name, isVirtual])).toEqual([
    ['owner', true],
  ])
  expect(graph.isKnownAbsent(identityOf('owner'))).toBe(false)
})
