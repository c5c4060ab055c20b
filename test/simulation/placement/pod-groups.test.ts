import { describe, expect, test } from 'vitest'
import type { core, scheduling } from '../../../src/api/generated/types/index.ts'
import { node, place, pod } from './placement-world.ts'

const gates = { GenericWorkload: true, GangScheduling: true }

const group = (name: string, minCount?: number): scheduling.v1alpha2.PodGroup => ({
  apiVersion: 'scheduling.k8s.io/v1alpha2',
  kind: 'PodGroup',
  metadata: { name, namespace: 'default' },
  spec: { schedulingPolicy: minCount === undefined ? { basic: {} } : { gang: { minCount } } },
})

const members = (name: string, many: number, cpuMilli = 1000): readonly core.v1.Pod[] =>
  Array.from({ length: many }, (_, index) => {
    const one = pod({ name: `${name}-${index}`, cpuMilli })
    const spec = { containers: [], ...one.spec, schedulingGroup: { podGroupName: name } }
    return { ...one, spec }
  })

const placedOf = (pods: readonly core.v1.Pod[], name: string): number =>
  pods.filter(({ metadata, spec }) => metadata?.name?.startsWith(`${name}-`) && spec?.nodeName).length

const conditionOf = (groups: readonly scheduling.v1alpha2.PodGroup[], name: string): unknown => {
  const { status } = groups.find(({ metadata }) => metadata?.name === name) ?? {}
  const found = status?.conditions?.find(({ type }) => type === 'PodGroupScheduled')
  return [found?.status, found?.reason, found?.message]
}

describe('a pod group is tried in one go', () => {
  test('all of it is bound where enough of it fits', async () => {
    const nodes = [node({ name: 'n', cpu: 8 })]
    const { pods, groups } = await place(1, {
      ...{ nodes, gates, groups: [group('a', 3)], pods: members('a', 4) },
    })
    expect(placedOf(pods, 'a')).toBe(4)
    expect(conditionOf(groups, 'a')).toEqual(['True', 'Scheduled', ''])
  })

  test('those that fit are bound where the gang needs no more', async () => {
    const nodes = [node({ name: 'n', cpu: 3 })]
    const { pods, groups } = await place(1, {
      ...{ nodes, gates, groups: [group('a', 3)], pods: members('a', 5) },
    })
    expect(placedOf(pods, 'a')).toBe(3)
    expect(conditionOf(groups, 'a')).toEqual(['True', 'Scheduled', ''])
  })

  test('nothing is bound, and nothing held, where too few fit', async () => {
    const nodes = [node({ name: 'n', cpu: 3 })]
    const { pods, groups } = await place(1, {
      ...{ nodes, gates, groups: [group('a', 4)] },
      pods: [...members('a', 4), pod({ name: 'single', cpuMilli: 3000 })],
    })
    expect([
      placedOf(pods, 'a'),
      pods.find(({ metadata }) => metadata?.name === 'single')?.spec?.nodeName,
    ]).toEqual([0, 'n'])
    expect(conditionOf(groups, 'a')).toEqual(['False', 'Unschedulable', 'pod group is unschedulable'])
    const told = pods.map(({ status }) => status?.conditions?.[0]?.message ?? '')
    expect(told.some((message) => message.startsWith('0/1 nodes are available: 1 Insufficient cpu.'))).toBe(
      true,
    )
  })

  test('two gangs of which one fits do not keep each other out', async () => {
    const nodes = [node({ name: 'n', cpu: 5 })]
    const mixed = members('a', 4).flatMap((one, index) => [one, ...members('b', 4).slice(index, index + 1)])
    const { pods } = await place(1, { nodes, gates, groups: [group('a', 4), group('b', 4)], pods: mixed })
    expect([placedOf(pods, 'a'), placedOf(pods, 'b')].toSorted()).toEqual([0, 4])
  })

  test('a basic group is bound as far as it fits', async () => {
    const nodes = [node({ name: 'n', cpu: 2 })]
    const { pods, groups } = await place(1, { nodes, gates, groups: [group('a')], pods: members('a', 4) })
    expect(placedOf(pods, 'a')).toBe(2)
    expect(conditionOf(groups, 'a')).toEqual(['True', 'Scheduled', ''])
  })

  test('those that others have to leave for are told why, and tried as soon as they have left', async () => {
    const low = pod({ name: 'low', cpuMilli: 3000 })
    const { pods, groups } = await place(1, {
      ...{ nodes: [node({ name: 'n', cpu: 4 })], gates, groups: [group('a', 2)] },
      pods: [
        { ...low, spec: { containers: [], ...low.spec, nodeName: 'n' } },
        ...members('a', 2).map((one) => ({ ...one, spec: { containers: [], ...one.spec, priority: 10 } })),
      ],
    })
    expect(pods.flatMap(({ status }) => status?.conditions?.[0]?.message ?? []).toSorted()).toEqual([
      '0/1 nodes are available: 1 Insufficient cpu.',
      'pod group is unschedulable, pod group is waiting for preemption to complete',
    ])
    expect([placedOf(pods, 'a'), pods.length]).toEqual([2, 2])
    expect(conditionOf(groups, 'a')).toEqual(['True', 'Scheduled', ''])
  })

  test('what is not there is refused by name', async () => {
    const gate = 'DRAWorkloadResourceClaims'
    const one = group('a', 2)
    const spec = { ...one.spec, resourceClaims: [{ name: 'c', resourceClaimName: 'c' }] }
    const { pods, groups } = await place(1, {
      ...{ nodes: [node({ name: 'n' })], gates: { ...gates, [gate]: true } },
      ...{ groups: [{ ...one, spec }], pods: members('a', 2) },
    })
    expect(placedOf(pods, 'a')).toBe(0)
    expect(conditionOf(groups, 'a')).toEqual(['False', 'SchedulerError', expect.stringContaining(gate)])
  })

  test('pods of one group have one scheduler', async () => {
    const [first, second] = members('a', 2)
    if (first === undefined || second === undefined) throw new Error('two members')
    const other = { ...second, spec: { containers: [], ...second.spec, schedulerName: 'other' } }
    const { pods } = await place(1, {
      ...{ nodes: [node({ name: 'n' })], gates, groups: [group('a', 1)], pods: [first, other] },
    })
    // The other's scheduler is not here: its pod is none of the queue's.
    expect(placedOf(pods, 'a')).toBe(1)
  })
})

describe('a pod group with a topology is placed where nodes are alike', () => {
  const withTopology = { ...gates, TopologyAwareWorkloadScheduling: true }
  const racked = (name: string, minCount?: number): scheduling.v1alpha2.PodGroup => {
    const one = group(name, minCount)
    return { ...one, spec: { ...one.spec, schedulingConstraints: { topology: [{ key: 'rack' }] } } }
  }
  const inRack = (name: string, rack: string, cpu: number) => node({ name, cpu, labels: { rack } })
  const nodesOf = (pods: readonly core.v1.Pod[], name: string): ReadonlySet<string> =>
    new Set(
      pods.flatMap(({ metadata, spec }) =>
        metadata?.name?.startsWith(`${name}-`) && spec?.nodeName ? [spec.nodeName] : [],
      ),
    )

  test('in the one rack that has room for all of a gang', async () => {
    const nodes = [
      inRack('a1', 'a', 2),
      inRack('b1', 'b', 2),
      inRack('b2', 'b', 2),
      node({ name: 'x', cpu: 9 }),
    ]
    const { pods, groups } = await place(1, {
      ...{ nodes, gates: withTopology, groups: [racked('g', 4)], pods: members('g', 4) },
    })
    expect([placedOf(pods, 'g'), nodesOf(pods, 'g')]).toEqual([4, new Set(['b1', 'b2'])])
    expect(conditionOf(groups, 'g')).toEqual(['True', 'Scheduled', ''])
  })

  test('in the rack that is fuller then, where several have room', async () => {
    const nodes = [inRack('a1', 'a', 9), inRack('b1', 'b', 4), inRack('c1', 'c', 9)]
    const { pods } = await place(1, {
      ...{ nodes, gates: withTopology, groups: [racked('g', 3)], pods: members('g', 3) },
    })
    expect([placedOf(pods, 'g'), nodesOf(pods, 'g')]).toEqual([3, new Set(['b1'])])
  })

  test('beside those of its pods that are there already', async () => {
    const nodes = [inRack('a1', 'a', 9), inRack('b1', 'b', 4)]
    const [first, ...others] = members('g', 3)
    if (first === undefined) throw new Error('three members')
    const there = { ...first, spec: { containers: [], ...first.spec, nodeName: 'a1' } }
    const { pods } = await place(1, {
      ...{ nodes, gates: withTopology, groups: [racked('g')], pods: [there, ...others] },
    })
    expect([placedOf(pods, 'g'), nodesOf(pods, 'g')]).toEqual([3, new Set(['a1'])])
  })

  test('nowhere, where no rack has room, or no node a rack', async () => {
    const nodes = [inRack('a1', 'a', 2), inRack('b1', 'b', 2), node({ name: 'x', cpu: 9 })]
    const { pods, groups } = await place(1, {
      ...{ nodes, gates: withTopology, groups: [racked('g', 3)], pods: members('g', 3) },
    })
    expect(placedOf(pods, 'g')).toBe(0)
    expect(conditionOf(groups, 'g')).toEqual([
      'False',
      'Unschedulable',
      '0/2 placements are available, first placement status: pod group is unschedulable',
    ])
    const told = pods.map(({ status }) => status?.conditions?.[0]?.message ?? '')
    expect(told.some((message) => message.startsWith('0/1 nodes are available: 1 Insufficient cpu.'))).toBe(
      true,
    )
    const bare = await place(1, {
      ...{
        nodes: [node({ name: 'x' })],
        gates: withTopology,
        groups: [racked('g', 3)],
        pods: members('g', 3),
      },
    })
    expect(conditionOf(bare.groups, 'g')).toEqual(['False', 'Unschedulable', 'no feasible placements found'])
  })
})
