import { describe, expect, test } from 'vitest'
import type { core, policy } from '../../api/generated/types/index.ts'
import { Random } from '../../base/random.ts'
import { defaultProfile } from '../default-profile.ts'
import { NodeTable } from '../node-table.ts'
import { makePodInfo } from '../pod-info.ts'
import { FixedInformers } from '../testing/fixed-informers.ts'
import { pluginContext } from '../testing/plugin-context.ts'
import { defaultRebalance, planMoves, type RebalancePlan, type RebalanceSettings } from './plan-moves.ts'

const node = (name: string, spec: core.v1.NodeSpec = {}): core.v1.Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  spec,
  status: { allocatable: { cpu: '8', memory: '32Gi', pods: '110' } },
})

interface PodParts {
  readonly cpu?: string
  readonly owner?: string
  readonly spec?: Partial<core.v1.PodSpec>
  readonly metadata?: core.v1.Pod['metadata']
}

const pod = (
  name: string,
  nodeName: string,
  { cpu = '1', owner = 'ReplicaSet', spec, metadata }: PodParts = {},
) => ({
  metadata: {
    ...{ name, namespace: 'd', uid: name, labels: { app: 'a' } },
    ...(owner && {
      ownerReferences: [{ apiVersion: 'v1', kind: owner, name, uid: `of-${name}`, controller: true }],
    }),
    ...metadata,
  },
  spec: {
    ...{ nodeName, schedulerName: 'default-scheduler' },
    containers: [{ name: 'c', resources: { requests: { cpu, memory: '1Gi' } } }],
    ...spec,
  },
  status: { phase: 'Running' },
})

interface World {
  readonly nodes?: readonly core.v1.Node[]
  readonly pods: readonly core.v1.Pod[]
  readonly budgets?: readonly policy.v1.PodDisruptionBudget[]
  readonly settings?: Partial<RebalanceSettings>
}

function plan({ nodes = [node('n1'), node('n2')], pods, budgets = [], settings }: World): RebalancePlan {
  const table = new NodeTable()
  for (const each of nodes) table.setNode(each)
  const profile = defaultProfile(pluginContext({ table, informers: new FixedInformers() }))
  for (const each of pods) table.addPod(each.spec?.nodeName ?? '', makePodInfo(each))
  const picture = () => table.nodes.map(({ pods: there }) => [...there.keys()].sort())
  const before = picture()
  const random = new Random(1)
  const made = planMoves(
    { table, budgets, random: () => random.next(), profileOf: () => profile },
    { ...defaultRebalance, ...settings },
  )
  expect(picture()).toEqual(before)
  return made
}

const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => pod(name, 'n1'))

describe('planMoves()', () => {
  test('moves what makes nodes alike, and tells the energy that this saves', () => {
    const { moves, energyBefore, energyAfter, energyFound, movable } = plan({ pods: six })
    expect([movable, moves.length, new Set(moves.map(({ to }) => to))]).toEqual([6, 3, new Set(['n2'])])
    expect(energyBefore - energyAfter).toBeCloseTo(
      moves.reduce((sum, { gain }) => sum + gain, 0),
      9,
    )
    expect(energyAfter).toBeCloseTo(energyFound, 9)
  })

  test('leaves a placement alone that cannot be better', () => {
    expect(plan({ pods: [pod('a', 'n1'), pod('b', 'n2')] }).moves).toEqual([])
  })

  test('does not trust what the scheduler would not do', () => {
    expect(plan({ pods: six, nodes: [node('n1'), node('n2', { unschedulable: true })] }).moves).toEqual([])
    // Pods would be packed by annealing, and spread again by the scheduler.
    const apart = [pod('a', 'n1'), pod('b', 'n2')]
    const { moves, energyBefore, energyFound } = plan({ pods: apart, settings: { goal: 'pack' } })
    expect(moves).toEqual([])
    expect(energyFound).toBeLessThan(energyBefore)
  })

  test('keeps to disruption budgets, and to the number of moves', () => {
    const budget = {
      metadata: { name: 'b', namespace: 'd' },
      spec: { selector: { matchLabels: { app: 'a' } } },
      status: { disruptionsAllowed: 1, currentHealthy: 6, desiredHealthy: 5, expectedPods: 6 },
    }
    expect(plan({ pods: six, budgets: [budget] }).moves).toHaveLength(1)
    expect(plan({ pods: six, settings: { maxMoves: 2 } }).moves).toHaveLength(2)
    expect(plan({ pods: six, settings: { moveCost: 1 } }).moves).toEqual([])
  })

  test.each<[string, PodParts, Partial<RebalanceSettings>?]>([
    ['nobody would replace', { owner: '' }],
    ['are on every node', { owner: 'DaemonSet' }],
    ['the system needs', { spec: { priority: 2_000_001_000 } }],
    ['have data of their own', { spec: { volumes: [{ name: 'v', emptyDir: {} }] } }],
    ['say so', { metadata: { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } } }],
    ['are in other namespaces', {}, { namespaces: ['other'] }],
  ])('leaves pods alone that %s', (_name, parts, settings = {}) => {
    const pods = ['a', 'b', 'c', 'd'].map((name) => pod(name, 'n1', parts))
    expect(plan({ pods, settings })).toMatchObject({ movable: 0, moves: [] })
  })

  test('brings replicas of one owner apart', () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ReplicaSet', name: 'o', uid: 'o', controller: true }]
    const replica = (name: string, nodeName: string) => {
      const one = pod(name, nodeName, { cpu: '10m' })
      return { ...one, metadata: { ...one.metadata, ownerReferences } }
    }
    const { moves } = plan({ pods: [replica('a', 'n1'), replica('b', 'n1')] })
    expect(moves.map(({ from, to }) => [from, to])).toEqual([['n1', 'n2']])
  })
})
