import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { AdmissionError, type HintProvider, type ResourceHints, type TopologyHint } from './hint.ts'
import { mergeHints, type NumaInfo, type TopologyPolicy } from './merge-hints.ts'
import { maskOf, nodesOf } from './numa-mask.ts'
import { topologyOptions } from './policy-options.ts'
import { TopologyManager, type TopologyScope } from './topology-manager.ts'

const info = (prefersClosest = false): NumaInfo => ({
  nodes: [0, 1],
  distances: new Map([
    [0, [10, 11]],
    [1, [11, 10]],
  ]),
  prefersClosest,
})
const hint = (nodes: readonly number[], preferred = true): TopologyHint => ({
  affinity: maskOf(nodes),
  preferred,
})
const one = (...hints: readonly TopologyHint[]): ResourceHints => new Map([['r', hints]])

type Case = readonly [
  what: string,
  policy: Exclude<TopologyPolicy, 'none'>,
  providers: readonly ResourceHints[],
  nodes: readonly number[] | undefined,
  preferred: boolean,
  admit: boolean,
]

/** After upstream's tables (pkg/kubelet/cm/topologymanager/policy_test.go). */
test.each<Case>([
  ['nobody who cares', 'best-effort', [new Map()], [0, 1], true, true],
  ['no possible nodes', 'best-effort', [one()], [0, 1], false, true],
  ['no possible nodes', 'restricted', [one()], [0, 1], false, false],
  ['one with two choices', 'restricted', [one(hint([0]), hint([1]))], [0], true, true],
  ['two that agree', 'restricted', [one(hint([0]), hint([1])), one(hint([1]))], [1], true, true],
  ['two that differ', 'restricted', [one(hint([0])), one(hint([1]))], [0, 1], false, false],
  ['two that differ', 'best-effort', [one(hint([0])), one(hint([1]))], [0, 1], false, true],
  ['a wide one and a narrow one', 'best-effort', [one(hint([0, 1])), one(hint([1]))], [1], false, true],
  ['one who needs both nodes', 'best-effort', [one(hint([0, 1]), hint([0], false))], [0, 1], true, true],
  ['only wide ones', 'single-numa-node', [one(hint([0, 1]))], undefined, false, false],
  ['nobody who cares', 'single-numa-node', [new Map([['r', undefined]])], undefined, true, true],
  ['one with two choices', 'single-numa-node', [one(hint([0]), hint([1]), hint([0, 1]))], [0], true, true],
])('mergeHints() with %s by %s', (_what, policy, providers, nodes, preferred, admit) => {
  const merged = mergeHints(policy, providers, info())
  expect(merged.admit).toBe(admit)
  expect(merged.hint.preferred).toBe(preferred)
  expect(merged.hint.affinity === undefined ? undefined : nodesOf(merged.hint.affinity)).toEqual(nodes)
})

test('mergeHints() prefers near nodes where it is told to', () => {
  const four: NumaInfo = {
    nodes: [0, 1, 2, 3],
    distances: new Map([
      [0, [10, 20, 30, 12]],
      [1, [20, 10, 12, 30]],
      [2, [30, 12, 10, 20]],
      [3, [12, 30, 20, 10]],
    ]),
    prefersClosest: true,
  }
  const providers = [one(hint([0, 1]), hint([0, 3]), hint([1, 2]))]
  const best = (prefersClosest: boolean) =>
    nodesOf(mergeHints('best-effort', providers, { ...four, prefersClosest }).hint.affinity ?? 0n)
  expect(best(false)).toEqual([0, 1])
  expect(best(true)).toEqual([1, 2])
})

test.each([
  [{ 'prefer-closest-numa-nodes': 'maybe' }, 'bad value for option "prefer-closest-numa-nodes"'],
  [
    { 'max-allowable-numa-nodes': '4' },
    'the minimum value of "max-allowable-numa-nodes" should not be less than 8',
  ],
  [{ other: '1' }, 'unknown Topology Manager Policy option: "other"'],
])('topologyOptions(%o) throws', (given, message) => {
  expect(() => topologyOptions(new Map(Object.entries(given)))).toThrow(message)
})

const pod: core.v1.Pod = {
  metadata: { uid: 'u' },
  spec: { initContainers: [{ name: 'i' }], containers: [{ name: 'a' }, { name: 'b' }] },
}

function managerOf(policy: TopologyPolicy, scope: TopologyScope, provider: Partial<HintProvider>) {
  const allocated: string[] = []
  const nodes = info().distances
  const manager = new TopologyManager({ policy, scope, options: topologyOptions(new Map()), nodes })
  manager.use([
    {
      hints: () => one(hint([1])),
      podHints: () => one(hint([0])),
      allocate: async ({ metadata }, { name }) => {
        const { affinity } = manager.affinity(metadata?.uid ?? '', name)
        allocated.push(`${name} ${affinity === undefined ? 'any' : nodesOf(affinity).join()}`)
      },
      ...provider,
    },
  ])
  return { manager, allocated }
}

test.each<[TopologyPolicy, TopologyScope, readonly string[]]>([
  ['none', 'container', ['i any', 'a any', 'b any']],
  ['restricted', 'container', ['i 1', 'a 1', 'b 1']],
  ['restricted', 'pod', ['i 0', 'a 0', 'b 0']],
])('admit() by %s for each %s lets providers allocate', async (policy, scope, expected) => {
  const { manager, allocated } = managerOf(policy, scope, {})
  expect(await manager.admit(pod)).toBeUndefined()
  expect(allocated).toEqual(expected)
  manager.release('u')
  expect(manager.affinity('u', 'a')).toEqual({ preferred: false })
})

test('admit() refuses with upstream’s reasons', async () => {
  const refused = managerOf('single-numa-node', 'container', { hints: () => one(hint([0, 1])) })
  expect(await refused.manager.admit(pod)).toEqual({
    reason: 'TopologyAffinityError',
    message: 'Resources cannot be allocated with Topology locality',
  })
  const failing = (error: Error) =>
    managerOf('none', 'container', { allocate: () => Promise.reject(error) }).manager.admit(pod)
  expect(await failing(new Error('no more'))).toEqual({
    reason: 'UnexpectedAdmissionError',
    message: 'Allocate failed due to no more, which is unexpected',
  })
  expect(await failing(new AdmissionError('SMTAlignmentError', 'not whole'))).toEqual({
    reason: 'SMTAlignmentError',
    message: 'not whole',
  })
})

test('a machine with more NUMA nodes than allowed is refused', () => {
  const nodes = new Map(Array.from({ length: 9 }, (_, node) => [node, [10]]))
  const make = (policy: TopologyPolicy) =>
    new TopologyManager({ policy, scope: 'container', options: topologyOptions(new Map()), nodes })
  expect(() => make('restricted')).toThrow('unsupported on machines with more than 8 NUMA Nodes')
  expect(() => make('none')).not.toThrow()
})
