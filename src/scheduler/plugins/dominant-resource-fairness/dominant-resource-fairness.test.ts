import { expect, test } from 'vitest'
import { Namespace } from '../../../api/core/namespace/kind.ts'
import { Node } from '../../../api/core/node/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { newQueuedPod, type QueuedPod } from '../../queue/queued-pod.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { dominantResourceFairness, weightAnnotation } from './dominant-resource-fairness.ts'

const node = (name: string, cpu: number, memory: string): core.v1.Node => ({
  metadata: { name },
  status: { allocatable: { cpu: String(cpu), memory, pods: '110' } },
})

interface User {
  readonly cpu: string
  readonly memory: string
  readonly weight?: string
}

/** Tasks of the users placed one by one, as long as both resources last; how many of each. */
function serve(users: Readonly<Record<string, User>>, resources?: readonly string[]): object {
  const table = new NodeTable()
  const big = node('big', 9, '18Gi')
  table.setNode(big)
  const informers = new FixedInformers().set(Node, big).set(
    Namespace,
    ...Object.entries(users).map(([name, { weight }]) => ({
      metadata: { name, ...(weight && { annotations: { [weightAnnotation]: weight } }) },
    })),
  )
  const { less } = dominantResourceFairness(pluginContext({ table, informers }), resources && { resources })
  const placed: Record<string, number> = {}
  const heads = new Map<string, QueuedPod>()
  for (let turn = 0; ; turn++) {
    for (const [namespace, { cpu, memory }] of Object.entries(users)) {
      const spec = { containers: [{ name: 'c', resources: { requests: { cpu, memory } } }] }
      const info = makePodInfo({ metadata: { name: 'p', namespace, uid: `${namespace}${turn}` }, spec })
      heads.set(namespace, newQueuedPod(info, turn, 0))
    }
    const [first] = [...heads.values()].sort((left, right) => less?.(left, right) ?? 0)
    if (first === undefined) return placed
    table.addPod('big', first.info)
    const { requestedCpuMilli, requestedMemoryBytes } = table.columns
    if ((requestedCpuMilli[0] ?? 0) > 9_000 || (requestedMemoryBytes[0] ?? 0) > 18 * 2 ** 30) return placed
    const { namespace = '' } = first.info.pod.metadata ?? {}
    placed[namespace] = (placed[namespace] ?? 0) + 1
  }
}

// The example of the paper: shares of 2/3 each.
test.each<[string, Readonly<Record<string, User>>, readonly string[] | undefined, object]>([
  [
    'by dominant shares',
    { a: { cpu: '1', memory: '4Gi' }, b: { cpu: '3', memory: '1Gi' } },
    undefined,
    { a: 3, b: 2 },
  ],
  [
    'by the resources that count',
    { a: { cpu: '1', memory: '2Gi' }, b: { cpu: '2', memory: '1Gi' } },
    ['cpu'],
    { a: 5, b: 2 },
  ],
  [
    'by weight',
    { a: { cpu: '1', memory: '1Gi', weight: '2' }, b: { cpu: '1', memory: '1Gi' } },
    undefined,
    { a: 6, b: 3 },
  ],
])('dominantResourceFairness() serves namespaces %s', (_name, users, resources, expected) =>
  expect(serve(users, resources)).toEqual(expected),
)

test('dominantResourceFairness() forgets what has gone, and what a node that left has offered', () => {
  const table = new NodeTable()
  const nodes = [node('n1', 4, '8Gi'), node('n2', 4, '8Gi')] as const
  for (const each of nodes) table.setNode(each)
  const informers = new FixedInformers().set(Node, ...nodes)
  const { less } = dominantResourceFairness(pluginContext({ table, informers }))
  const info = (namespace: string, name: string, cpu: string) =>
    makePodInfo({
      metadata: { name, namespace, uid: name },
      spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] },
    })
  const [a, b] = [newQueuedPod(info('a', 'x', '1'), 0, 0), newQueuedPod(info('b', 'y', '1'), 1, 0)]
  const first = (): string => ((less?.(a, b) ?? 0) <= 0 ? 'a' : 'b')
  table.addPod('n1', info('a', 'p', '2'))
  table.addPod('n2', info('b', 'q', '1'))
  expect(first()).toBe('b')
  table.removePod('n1', 'p')
  expect(first()).toBe('a')
  table.addPod('n1', info('a', 'p', '2'))
  table.removeNode('n1')
  expect(first()).toBe('a')
})
