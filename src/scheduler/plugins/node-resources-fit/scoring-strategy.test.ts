import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import type { ScoringStrategy } from './scoring-strategy.ts'

const both = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
]
const node = (name: string, allocatable: Record<string, string>): core.v1.Node => ({
  metadata: { name },
  status: { allocatable: { pods: '10', ...allocatable } },
})
const pod = (name: string, requests: Record<string, string>): core.v1.Pod => ({
  metadata: { name, uid: name },
  spec: { containers: [{ name: 'c', resources: { requests } }] },
})
const ratio = (shape: readonly [number, number][], resources = both): ScoringStrategy => ({
  type: 'RequestedToCapacityRatio',
  resources,
  requestedToCapacityRatio: { shape: shape.map(([utilization, score]) => ({ utilization, score })) },
})
const small = node('small', { cpu: '4', memory: '10000', 'example.com/gpu': '4' })
const big = node('big', { cpu: '6', memory: '10000', 'example.com/gpu': '8' })
const wanted = pod('p', { cpu: '3', memory: '5000' })

test.each<[string, ScoringStrategy, core.v1.Pod, readonly number[]]>([
  ['the least allocated', { type: 'LeastAllocated', resources: both }, wanted, [37, 50]],
  [
    'with weights',
    {
      type: 'LeastAllocated',
      resources: [
        { name: 'cpu', weight: 2 },
        { name: 'memory', weight: 1 },
      ],
    },
    wanted,
    [33, 50],
  ],
  ['the most allocated', { type: 'MostAllocated', resources: both }, wanted, [62, 50]],
  [
    'more than there is',
    { type: 'MostAllocated', resources: both },
    pod('p', { cpu: '5', memory: '5000' }),
    [75, 66],
  ],
  [
    'by a rising shape',
    ratio([
      [0, 0],
      [100, 10],
    ]),
    wanted,
    [63, 50],
  ],
  [
    'by a falling shape',
    ratio([
      [0, 10],
      [100, 0],
    ]),
    wanted,
    [38, 50],
  ],
  [
    'by a broken shape',
    ratio([
      [0, 0],
      [50, 2],
      [100, 10],
    ]),
    wanted,
    [40, 20],
  ],
  [
    'extended resources only of pods that ask for them',
    ratio(
      [
        [0, 0],
        [100, 10],
      ],
      [{ name: 'example.com/gpu', weight: 3 }],
    ),
    wanted,
    [0, 0],
  ],
  [
    'extended resources',
    ratio(
      [
        [0, 0],
        [100, 10],
      ],
      [{ name: 'example.com/gpu', weight: 3 }],
    ),
    pod('p', { 'example.com/gpu': '2' }),
    [50, 25],
  ],
])('nodeResourcesFit() scores %s', (_name, scoringStrategy, one, expected) => {
  const table = new NodeTable()
  for (const each of [small, big]) table.setNode(each)
  const result = nodeResourcesFit(pluginContext({ table }), { scoringStrategy }).preScore?.(
    makePodInfo(one),
    table.nodes,
  )
  expect(result?.type === 'score' ? table.nodes.map(result.score) : []).toEqual(expected)
})

test('nodeResourcesFit() does not look at resources that it shall ignore', () => {
  const table = new NodeTable()
  table.setNode(small)
  const refusal = (args: object) => {
    const result = nodeResourcesFit(pluginContext({ table }), args).preFilter?.(
      makePodInfo(pod('p', { 'example.com/disk': '1' })),
    )
    return result?.type === 'filter' ? table.nodes.map((each) => result.filter(each)?.reasons.join()) : []
  }
  expect(refusal({})).toEqual(['Insufficient example.com/disk'])
  expect(refusal({ ignoredResources: ['example.com/disk'] })).toEqual([undefined])
  expect(refusal({ ignoredResourceGroups: ['example.com'] })).toEqual([undefined])
})
