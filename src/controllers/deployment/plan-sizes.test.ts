import { expect, test } from 'vitest'
import type { apps } from '../../api/generated/types/index.ts'
import { isScalingEvent, planRecreate, planRollingUpdate, planScale } from './plan-sizes.ts'
import { maxSurge, maxUnavailable } from './replica-sets.ts'

type Traits = Partial<{ available: number; desired: number; max: number; created: number }>

function deploymentOf(
  replicas: number,
  surge: number | string = 0,
  unavailable: number | string = 0,
  type = 'RollingUpdate',
) {
  const rollingUpdate = { maxSurge: surge, maxUnavailable: unavailable }
  const strategy = type === 'RollingUpdate' ? { type, rollingUpdate } : { type }
  return {
    metadata: { name: 'web' },
    spec: { replicas, strategy, selector: {}, template: {} },
  } satisfies apps.v1.Deployment
}

function setOf(name: string, replicas: number, traits: Traits = {}): apps.v1.ReplicaSet {
  const { available = 0, desired, max, created = 0 } = traits
  const annotations = {
    ...(desired === undefined ? {} : { 'deployment.kubernetes.io/desired-replicas': String(desired) }),
    ...(max === undefined ? {} : { 'deployment.kubernetes.io/max-replicas': String(max) }),
  }
  const creationTimestamp = `2026-01-01T00:00:${String(created).padStart(2, '0')}Z`
  return {
    metadata: { name, annotations, creationTimestamp },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available },
  }
}

const named = (sizes: ReadonlyMap<apps.v1.ReplicaSet, number>) =>
  Object.fromEntries([...sizes].map(([set, size]) => [set.metadata?.name, size]))

test.each([
  { replicas: 10, surge: '25%', unavailable: '25%', expected: [3, 2] },
  { replicas: 1, surge: '25%', unavailable: '25%', expected: [1, 0] },
  { replicas: 2, surge: 0, unavailable: '1%', expected: [0, 1] },
  { replicas: 0, surge: '25%', unavailable: '25%', expected: [0, 0] },
  { replicas: 2, surge: 0, unavailable: 5, expected: [0, 2] },
])('maxSurge() and maxUnavailable() of $replicas with $surge and $unavailable', (row) => {
  const deployment = deploymentOf(row.replicas, row.surge, row.unavailable)
  expect([maxSurge(deployment), maxUnavailable(deployment)]).toEqual(row.expected)
})

interface RollingRow {
  readonly what: string
  readonly deployment: apps.v1.Deployment
  readonly newest: apps.v1.ReplicaSet
  readonly old: readonly apps.v1.ReplicaSet[]
  readonly expected: Readonly<Record<string, number>>
}

test.each<RollingRow>([
  {
    what: 'grows the newest set by the surge',
    deployment: deploymentOf(10, 2, 2),
    newest: setOf('new', 0),
    old: [setOf('old', 10, { available: 10 })],
    expected: { new: 2 },
  },
  {
    what: 'shrinks the old set by what may be unavailable when there is no room to grow',
    deployment: deploymentOf(10, 2, 2),
    newest: setOf('new', 2),
    old: [setOf('old', 10, { available: 10 })],
    expected: { old: 8 },
  },
  {
    what: 'does nothing while the pods that it waits for are not available',
    deployment: deploymentOf(10, 0, 2),
    newest: setOf('new', 2),
    old: [setOf('old', 8, { available: 8 })],
    expected: {},
  },
  {
    what: 'goes on when they are',
    deployment: deploymentOf(10, 0, 2),
    newest: setOf('new', 2, { available: 2 }),
    old: [setOf('old', 8, { available: 8 })],
    expected: { old: 6 },
  },
  {
    what: 'removes old pods first that are not available anyway',
    deployment: deploymentOf(10, 0, 2),
    newest: setOf('new', 0),
    old: [setOf('old', 8, { available: 5 }), setOf('older', 2, { available: 2 })],
    expected: { old: 6 },
  },
  {
    what: 'shrinks a newest set that is too big',
    deployment: deploymentOf(3, 1, 0),
    newest: setOf('new', 5, { available: 5 }),
    old: [],
    expected: { new: 3 },
  },
  {
    what: 'removes old sets when the newest is complete',
    deployment: deploymentOf(3, 1, 0),
    newest: setOf('new', 3, { available: 3 }),
    old: [setOf('a', 1, { available: 1, created: 1 }), setOf('b', 1, { available: 1, created: 2 })],
    expected: { a: 0, b: 0 },
  },
])('planRollingUpdate() $what', ({ deployment, newest, old, expected }) => {
  expect(named(planRollingUpdate(deployment, newest, old))).toEqual(expected)
})

test('planRecreate() removes the old pods, waits for them, then makes the new ones', () => {
  const deployment = deploymentOf(3, 0, 0, 'Recreate')
  const newest = setOf('new', 0)
  expect(named(planRecreate(deployment, { newest, old: [setOf('old', 3)] }, true))).toEqual({ old: 0 })
  expect(named(planRecreate(deployment, { newest, old: [setOf('old', 0)] }, true))).toEqual({})
  expect(named(planRecreate(deployment, { newest, old: [setOf('old', 0)] }, false))).toEqual({ new: 3 })
})

test('isScalingEvent() sees a set that was scaled for another size', () => {
  const deployment = deploymentOf(5)
  expect(isScalingEvent(deployment, [setOf('a', 3, { desired: 3 })])).toBe(true)
  expect(isScalingEvent(deployment, [setOf('a', 3, { desired: 5 }), setOf('b', 0, { desired: 3 })])).toBe(
    false,
  )
  expect(isScalingEvent(deployment, [setOf('a', 3)])).toBe(false)
})

interface ScaleRow {
  readonly what: string
  readonly deployment: apps.v1.Deployment
  readonly newest?: apps.v1.ReplicaSet
  readonly old: readonly apps.v1.ReplicaSet[]
  readonly expected: Readonly<Record<string, number>>
}

test.each<ScaleRow>([
  {
    what: 'scales the only active set',
    deployment: deploymentOf(12),
    newest: setOf('new', 10),
    old: [setOf('old', 0)],
    expected: { new: 12 },
  },
  {
    what: 'scales the newest set where none is active',
    deployment: deploymentOf(12),
    newest: setOf('new', 0),
    old: [setOf('old', 0)],
    expected: { new: 12 },
  },
  {
    what: 'gives each set its share of what is added',
    deployment: deploymentOf(12),
    newest: setOf('new', 5, { max: 10 }),
    old: [setOf('old', 5, { max: 10 })],
    expected: { new: 6, old: 6 },
  },
  {
    what: 'gives what is left to the biggest',
    deployment: deploymentOf(20),
    newest: setOf('new', 3, { max: 10, created: 3 }),
    old: [setOf('a', 5, { max: 10, created: 1 }), setOf('b', 2, { max: 10, created: 2 })],
    expected: { a: 10, new: 6, b: 4 },
  },
  {
    what: 'takes from each set its share of what is removed',
    deployment: deploymentOf(6),
    newest: setOf('new', 8, { max: 10 }),
    old: [setOf('old', 2, { max: 10 })],
    expected: { new: 5, old: 1 },
  },
  {
    what: 'takes everything for a size of zero',
    deployment: deploymentOf(0, 2),
    newest: setOf('new', 8, { max: 12 }),
    old: [setOf('old', 4, { max: 12 })],
    expected: { new: 0, old: 0 },
  },
  {
    what: 'keeps to the surge',
    deployment: deploymentOf(10, 3),
    newest: setOf('new', 2, { max: 7 }),
    old: [setOf('old', 5, { max: 7 })],
    expected: { old: 9, new: 4 },
  },
  {
    what: 'removes old sets when the newest is saturated',
    deployment: deploymentOf(5),
    newest: setOf('new', 5, { available: 5, desired: 5, max: 5 }),
    old: [setOf('old', 1)],
    expected: { old: 0 },
  },
  {
    what: 'writes the only active set for what it remembers',
    deployment: deploymentOf(4),
    old: [setOf('old', 4, { desired: 5 }), setOf('older', 0, { desired: 5 })],
    expected: { old: 4 },
  },
  {
    what: 'leaves the only active set that remembers the size',
    deployment: deploymentOf(4),
    old: [setOf('old', 4, { desired: 4 })],
    expected: {},
  },
  {
    what: 'writes the active sets of a recreation for what they remember',
    deployment: deploymentOf(4, 0, 0, 'Recreate'),
    newest: setOf('new', 3, { desired: 5 }),
    old: [setOf('old', 1, { desired: 5 })],
    expected: { new: 3, old: 1 },
  },
])('planScale() $what', ({ deployment, newest, old, expected }) => {
  expect(named(planScale(deployment, { newest, old }))).toEqual(expected)
})
