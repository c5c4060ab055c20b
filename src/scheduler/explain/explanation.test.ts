import { describe, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { PodPlacer } from '../cycle/schedule-pod.ts'
import { defaultProfile } from '../default-profile.ts'
import { NodeTable } from '../node-table.ts'
import { makePodInfo } from '../pod-info.ts'
import { Nominator } from '../queue/nominator.ts'
import { pluginContext } from '../testing/plugin-context.ts'
import { AttemptLog, maxAttempts } from './attempt-log.ts'
import { type Explanation, explain } from './explanation.ts'

interface NodeParts {
  readonly cpu?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly spec?: core.v1.NodeSpec
}

const node = (name: string, { cpu = '4', labels = {}, spec = {} }: NodeParts = {}): core.v1.Node => ({
  metadata: { name, labels },
  spec,
  status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
})

const pod = (name: string, spec: Partial<core.v1.PodSpec> = {}, cpu = '1'): core.v1.Pod => ({
  metadata: { name, namespace: 'default', uid: name },
  spec: { containers: [{ name: 'c', resources: { requests: { cpu, memory: '1Gi' } } }], ...spec },
})

/** One attempt, noted as the scheduler notes it. */
function setUp(nodes: readonly core.v1.Node[]) {
  const table = new NodeTable()
  for (const each of nodes) table.setNode(each)
  const nominated = new Nominator()
  const placer = new PodPlacer({ table, nominated, random: () => 0.5, percentageOfNodesToScore: 100 })
  const profile = defaultProfile(pluginContext({ table }))
  const log = new AttemptLog(table, { now: () => 0 })
  const attempt = (wanted: core.v1.Pod): void => {
    const info = makePodInfo(wanted)
    const selection = placer.select(info, profile)
    if (selection.type === 'none') {
      log.begin(info, profile, selection.diagnosis.refusals)
      log.failed(info, profile, 'unschedulable', 'no')
      return
    }
    const { feasible, scores, refusals } = selection
    log.begin(info, profile, refusals, { node: selection.node.name, feasible, scores })
  }
  const explained = (name: string): Explanation | undefined => {
    const found = log.get('default', name)
    return found && explain(found)
  }
  return { table, attempt, explained, log, profile }
}

function needs(
  nodes: readonly core.v1.Node[],
  wanted: core.v1.Pod,
): Readonly<Record<string, readonly string[]>> {
  const { attempt, explained } = setUp(nodes)
  attempt(wanted)
  const refused = explained(wanted.metadata?.name ?? '')?.refused ?? []
  return Object.fromEntries(refused.map((each) => [each.node, each.changes.map(({ what }) => what)]))
}

const affinity = (...terms: core.v1.NodeSelectorTerm[]): core.v1.Affinity => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
})

describe('explain()', () => {
  test.each<[string, readonly core.v1.Node[], core.v1.Pod, object]>([
    [
      'the smallest amounts that are missing',
      [node('small', { cpu: '1500m' }), node('smaller', { cpu: '1' })],
      pod('p', {}, '2'),
      {
        small: ['500m more cpu (it asks for 2, 1500m is free)'],
        smaller: ['1 more cpu (it asks for 2, 1 is free)'],
      },
    ],
    [
      'what has to be tolerated, and what else stands behind it',
      [
        node('tainted', {
          cpu: '1',
          spec: { unschedulable: true, taints: [{ key: 'gpu', value: 'yes', effect: 'NoExecute' }] },
        }),
      ],
      pod('p', {}, '2'),
      {
        tainted: [
          'the node uncordoned, or that tolerated by the pod',
          'a toleration of gpu=yes:NoExecute, or the node without that taint',
          '1 more cpu (it asks for 2, 1 is free)',
        ],
      },
    ],
    [
      'labels, of alternatives the one with the least missing',
      [node('a', { labels: { zone: 'x' } })],
      pod('p', {
        nodeSelector: { disk: 'ssd' },
        affinity: affinity(
          {
            matchExpressions: [
              { key: 'zone', operator: 'In', values: ['y'] },
              { key: 'rack', operator: 'Exists' },
            ],
          },
          {
            matchExpressions: [
              { key: 'zone', operator: 'In', values: ['x'] },
              { key: 'arch', operator: 'In', values: ['arm64', 'amd64'] },
            ],
          },
        ),
      }),
      { a: ['the node labelled disk=ssd', 'the node to match arch In [arm64 amd64]'] },
    ],
    [
      'extended resources',
      [node('a')],
      pod('p', {
        containers: [{ name: 'c', resources: { requests: { 'example.com/gpu': '2' } } }],
      }),
      { a: ['2 more example.com/gpu (it asks for 2, 0 is free)'] },
    ],
  ])('tells %s', (_, nodes, wanted, expected) => {
    expect(needs(nodes, wanted)).toEqual(expected)
  })

  test('has the words of plugins whose refusal does not follow from node and pod alone', () => {
    const { table, attempt, explained } = setUp([node('a')])
    const ports = [{ containerPort: 80, hostPort: 80 }]
    const spec = { containers: [{ name: 'c', ports }] }
    table.addPod('a', makePodInfo(pod('other', spec)))
    attempt(pod('p', spec))
    expect(explained('p')?.refused).toMatchObject([
      {
        plugin: 'NodePorts',
        changes: [
          {
            plugin: 'NodePorts',
            what: "what NodePorts refuses it for: node(s) didn't have free ports for the requested pod ports",
          },
        ],
      },
    ])
  })

  test('has the points that each plugin gave, weighted, which make the total', () => {
    const { attempt, explained } = setUp([
      node('big', { cpu: '8' }),
      node('small'),
      node('tiny', { cpu: '100m' }),
    ])
    attempt(pod('p'))
    const { scores = [], ...rest } = explained('p') ?? {}
    expect(rest).toMatchObject({ result: 'placed', node: 'big', feasibleNodes: 2, refusedNodes: 1 })
    expect(scores.map((each) => each.node)).toEqual(['big', 'small'])
    expect(scores[0]?.points.NodeResourcesFit).toBeGreaterThan(scores[1]?.points.NodeResourcesFit ?? 0)
    for (const { points, total } of scores)
      expect(Object.values(points).reduce((sum, each) => sum + each, 0)).toBe(total)
  })
})

describe('AttemptLog', () => {
  test('forgets those tried the longest ago', () => {
    const { attempt, explained } = setUp([node('a', { cpu: '100000' })])
    for (let index = 0; index <= maxAttempts; index++) attempt(pod(`p${index}`))
    expect([explained('p0'), explained('p1')?.result]).toEqual([undefined, 'placed'])
    attempt(pod('p1'))
    attempt(pod('new'))
    expect([explained('p1')?.result, explained('p2')]).toEqual(['placed', undefined])
  })

  test('takes nothing of an earlier attempt for an error that came before anything was known', () => {
    const { attempt, explained, log, profile } = setUp([node('a', { cpu: '100m' })])
    attempt(pod('p'))
    log.failed(makePodInfo(pod('p')), profile, 'error', 'broken')
    expect(explained('p')).toMatchObject({ result: 'error', message: 'broken', refused: [] })
  })
})
