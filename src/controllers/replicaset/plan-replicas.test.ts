import { expect, test } from 'vitest'
import type { apps, core } from '../../api/generated/types/index.ts'
import { rankPods } from '../../reconcile/rank-pods.ts'
import { type PodTraits, podWith } from '../../reconcile/testing/pods.ts'
import { burstReplicas, planReplicas } from './plan-replicas.ts'

const nowMs = Date.UTC(2026, 0, 10)
const hour = 3_600_000

const setOf = (replicas: number, metadata: object = {}): apps.v1.ReplicaSet => ({
  metadata: { name: 'web', namespace: 'default', ...metadata },
  spec: { replicas, selector: { matchLabels: { app: 'web' } } },
})

const many = (count: number): readonly core.v1.Pod[] =>
  Array.from({ length: count }, (_, index) => podWith({ name: `p${index}` }))

test.each([
  { wants: 3, has: 0, create: 3, remove: 0 },
  { wants: 3, has: 3, create: 0, remove: 0 },
  { wants: 1, has: 3, create: 0, remove: 2 },
  { wants: 0, has: 2, create: 0, remove: 2 },
  { wants: 1_000, has: 0, create: burstReplicas, remove: 0 },
  { wants: 0, has: 1_000, create: 0, remove: burstReplicas },
])('planReplicas() with $has of $wants pods creates $create and removes $remove', (row) => {
  const plan = planReplicas(setOf(row.wants), many(row.has), [], nowMs)
  expect([plan.create, plan.remove.length]).toEqual([row.create, row.remove])
})

test('planReplicas() leaves the pods of a set alone that is being deleted', () => {
  const set = setOf(0, { deletionTimestamp: '2026-01-01T00:00:00Z' })
  expect(planReplicas(set, many(2), [], nowMs)).toEqual({ create: 0, remove: [] })
})

interface Row {
  readonly what: string
  readonly first: PodTraits
  readonly second: PodTraits
}

const running = { node: 'n1', readySinceMs: nowMs - 10 * hour, createdMs: nowMs - 10 * hour }
const cost = (value: string) => ({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } })

test.each<Row>([
  { what: 'the unassigned one', first: { ...running, node: '' }, second: running },
  {
    what: 'the pending one',
    first: { ...running, phase: 'Pending' },
    second: { ...running, phase: 'Unknown' },
  },
  { what: 'the unknown one', first: { ...running, phase: 'Unknown' }, second: running },
  { what: 'the one not ready', first: { node: 'n1', createdMs: running.createdMs }, second: running },
  { what: 'the cheaper one', first: { ...running, ...cost('-5') }, second: { ...running, ...cost('1') } },
  { what: 'the one without cost', first: running, second: { ...running, ...cost('1') } },
  {
    what: 'the one ready for less time',
    first: { ...running, readySinceMs: nowMs - hour },
    second: running,
  },
  { what: 'the one restarted more often', first: { ...running, restarts: 2 }, second: running },
  { what: 'the younger one', first: { ...running, createdMs: nowMs - hour }, second: running },
  {
    what: 'of two of a similar age the one of lower uid',
    first: { ...running, createdMs: nowMs - 15 * hour, uid: 'a' },
    second: { ...running, createdMs: nowMs - 12 * hour, uid: 'b' },
  },
])('rankPods() puts $what first', ({ first, second }) => {
  const pods = [podWith({ ...second, name: 'second' }), podWith({ ...first, name: 'first' })]
  expect(rankPods(pods, [], nowMs).map((pod) => pod.metadata?.name)).toEqual(['first', 'second'])
})

test('rankPods() puts the one on the node with more of its kind first', () => {
  const pods = [podWith({ ...running, name: 'alone', node: 'n2' }), podWith({ ...running, name: 'doubled' })]
  const related = [...pods, podWith({ ...running, name: 'other' })]
  expect(rankPods(pods, related, nowMs)[0]?.metadata?.name).toBe('doubled')
  const gone = [...pods, podWith({ ...running, name: 'other', isDeleting: true })]
  expect(rankPods(pods, gone, nowMs)[0]?.metadata?.name).not.toBe(undefined)
})
