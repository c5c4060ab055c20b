import { describe, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { defaultProfile } from '../default-profile.ts'
import { NodeTable } from '../node-table.ts'
import { makePodInfo } from '../pod-info.ts'
import { Nominator } from '../queue/nominator.ts'
import { pluginContext } from '../testing/plugin-context.ts'
import { feasibleNodesToFind } from './find-nodes.ts'
import { fitErrorText } from './fit-error.ts'
import { PodPlacer } from './schedule-pod.ts'

const node = (
  name: string,
  change: { spec?: core.v1.NodeSpec; cpu?: string; labels?: Record<string, string>; pods?: string } = {},
): core.v1.Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...change.labels } },
  spec: change.spec ?? {},
  status: { allocatable: { cpu: change.cpu ?? '4', memory: '8Gi', pods: change.pods ?? '110' } },
})
const pod = (name: string, spec: Partial<core.v1.PodSpec> = {}, cpu = '1'): core.v1.Pod => ({
  metadata: { name, namespace: 'default', uid: name },
  spec: { containers: [{ name: 'c', resources: { requests: { cpu, memory: '100Mi' } } }], ...spec },
})

function cluster(nodes: readonly core.v1.Node[]) {
  const table = new NodeTable()
  for (const each of nodes) table.setNode(each)
  const nominated = new Nominator()
  const placer = new PodPlacer({ table, nominated, random: () => 0.5, percentageOfNodesToScore: 0 })
  const profile = defaultProfile(pluginContext({ table }))
  const select = (wanted: core.v1.Pod) => placer.select(makePodInfo(wanted), profile)
  return { table, nominated, select }
}

function outcome(
  nodes: readonly core.v1.Node[],
  wanted: core.v1.Pod,
  present: readonly [string, core.v1.Pod][] = [],
): string {
  const { table, select } = cluster(nodes)
  for (const [name, other] of present) table.addPod(name, makePodInfo(other))
  const selection = select(wanted)
  if (selection.type === 'node') return selection.node.name
  const { noNodes, preFilter, refusals } = selection.diagnosis
  if (noNodes) return 'no nodes'
  return fitErrorText({ nodes: nodes.length, preFilter, reasons: refusals.reasons(nodes.length) })
}

describe('PodPlacer', () => {
  test.each<[string, string, string]>([
    ['no node', outcome([], pod('p')), 'no nodes'],
    [
      'mixed reasons, counted and sorted',
      outcome(
        [
          node('a', { cpu: '500m' }),
          node('b', { cpu: '500m' }),
          node('c', { spec: { unschedulable: true } }),
        ],
        pod('p'),
      ),
      '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.',
    ],
    [
      'taints',
      outcome([node('a', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } })], pod('p')),
      '0/1 nodes are available: 1 node(s) had untolerated taint(s).',
    ],
    [
      'too many pods',
      outcome([node('a', { pods: '0' })], pod('p')),
      '0/1 nodes are available: 1 Too many pods.',
    ],
    [
      'a selector that nothing matches',
      outcome([node('a')], pod('p', { nodeSelector: { disk: 'ssd' } })),
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    ],
    [
      'a host port that is taken',
      outcome(
        [node('a')],
        pod('p', { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] }),
        [['a', pod('q', { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] })]],
      ),
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    ],
    [
      'an extended resource that no node has',
      outcome(
        [node('a')],
        pod('p', { containers: [{ name: 'c', resources: { requests: { 'example.com/gpu': '1' } } }] }),
      ),
      '0/1 nodes are available: 1 Insufficient example.com/gpu.',
    ],
  ])('says why for %s', (_name, message, expected) => {
    expect(message).toBe(expected)
  })

  test.each<[string, string, string]>([
    ['the emptier node', outcome([node('a'), node('b')], pod('p'), [['a', pod('q', {}, '2')]]), 'b'],
    [
      'the node that is tolerated',
      outcome(
        [
          node('a', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
          node('b', { spec: { unschedulable: true } }),
        ],
        pod('p', { tolerations: [{ key: 'k', operator: 'Exists' }] }),
      ),
      'a',
    ],
    [
      'a node without soft taints',
      outcome(
        [node('a', { spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } }), node('b')],
        pod('p'),
      ),
      'b',
    ],
    [
      'the preferred label',
      outcome(
        [node('a'), node('b', { labels: { zone: 'z' } })],
        pod('p', {
          affinity: {
            nodeAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                {
                  weight: 50,
                  preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['z'] }] },
                },
              ],
            },
          },
        }),
      ),
      'b',
    ],
  ])('chooses %s', (_name, chosen, expected) => {
    expect(chosen).toBe(expected)
  })

  test('fills nodes evenly as pods are assumed', () => {
    const { table, select } = cluster(['a', 'b', 'c'].map((name) => node(name)))
    for (let n = 0; n < 9; n++) {
      const selection = select(pod(`p${n}`))
      if (selection.type === 'node') table.addPod(selection.node.name, makePodInfo(pod(`p${n}`)))
    }
    expect(table.nodes.map((each) => each.pods.size)).toEqual([3, 3, 3])
  })
})

describe('nominated pods', () => {
  const nominee = (priority: number) => makePodInfo(pod('nominee', { priority }, '3'))

  test.each([
    ['of higher priority hold their room', 10, 'b'],
    ['of lower priority do not', -10, 'a'],
  ])('%s', (_name, priority, expected) => {
    const { table, nominated, select } = cluster([node('a'), node('b')])
    table.addPod('b', makePodInfo(pod('other', {}, '1')))
    nominated.add(nominee(priority), 'a')
    const selection = select(pod('p', {}, '2'))
    expect(selection.type === 'node' && selection.node.name).toBe(expected)
    expect(table.get('a')?.pods.size).toBe(0)
  })

  test('come to the node that is kept for them', () => {
    const { select } = cluster([node('a'), node('b')])
    const selection = select({ ...pod('p'), status: { nominatedNodeName: 'b' } })
    expect(selection.type === 'node' && selection.node.name).toBe('b')
  })
})

test('a search of some of the nodes sees all zones, and goes on where the last one ended', () => {
  const nodes = Array.from({ length: 400 }, (_, index) =>
    node(`n${index}`, { labels: { 'topology.kubernetes.io/zone': index < 200 ? 'left' : 'right' } }),
  )
  const { table, select } = cluster(nodes)
  const zones = table.order
    .flatMap((index) => table.nodes[index] ?? [])
    .slice(0, 4)
    .map(({ node: each }) => each.metadata?.labels?.['topology.kubernetes.io/zone'])
  expect(zones).toEqual(['left', 'right', 'left', 'right'])
  const feasible = [1, 2].map((n) => {
    const selection = select(pod(`p${n}`))
    return selection.type === 'node' ? selection.feasible : 0
  })
  expect(feasible).toEqual([188, 188])
})

describe('feasibleNodesToFind()', () => {
  test.each([
    [10, 0, 10],
    [99, 0, 99],
    [1000, 0, 420],
    [6000, 0, 300],
    [5000, 100, 5000],
    [200, 10, 100],
  ])('%i nodes at %i percent: %i', (nodes, percentage, expected) =>
    expect(feasibleNodesToFind(nodes, percentage)).toBe(expected),
  )
})

describe('NodeTable', () => {
  test('keeps its columns when nodes come and go', () => {
    const table = new NodeTable()
    for (let n = 0; n < 40; n++) table.setNode(node(`n${n}`))
    table.addPod('n39', makePodInfo(pod('p')))
    table.removeNode('n0')
    const moved = table.get('n39')
    expect(moved?.index).toBe(0)
    expect(table.columns.requestedCpuMilli[0]).toBe(1000)
    table.removePod('n39', 'p')
    expect(table.columns.requestedCpuMilli[0]).toBe(0)
  })

  test('counts pods that came before their node', () => {
    const table = new NodeTable()
    table.addPod('late', makePodInfo(pod('p')))
    table.setNode(node('late'))
    expect(table.columns.podCount[0]).toBe(1)
  })
})
