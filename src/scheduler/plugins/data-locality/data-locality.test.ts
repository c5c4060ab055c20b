import { expect, test } from 'vitest'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { dataLocality, readsAnnotation } from './data-locality.ts'

const node = (name: string, zone: string, data: Readonly<Record<string, string>> = {}) => ({
  metadata: {
    name,
    labels: {
      'topology.kubernetes.io/zone': zone,
      'topology.kubernetes.io/region': 'r',
      ...Object.fromEntries(Object.entries(data).map(([set, size]) => [`data.timonel.dev/${set}`, size])),
    },
  },
})
const nodes = [
  node('n0', 'a', { logs: '90Gi', models: '10Gi' }),
  node('n1', 'a'),
  node('n2', 'b', { models: '5Gi', wrong: 'much' }),
  node('n3', 'c'),
]
const scores = (table: NodeTable, reads: string): readonly number[] | string => {
  const pod = makePodInfo({ metadata: { annotations: { [readsAnnotation]: reads } } })
  const result = dataLocality(pluginContext({ table })).preScore?.(pod, table.nodes)
  return result?.type === 'score' ? table.nodes.map(result.score) : 'skip'
}

test.each([
  ['what one node holds', 'logs', [100, 50, 20, 20]],
  ['two sets, by their sizes', 'logs, models', [100, 50, 24, 20]],
  ['a partial copy, and what it lacks from afar', 'models', [100, 50, 60, 20]],
  ['nothing', '', 'skip'],
  ['what nobody holds', 'wrong,absent', 'skip'],
])('dataLocality() scores %s', (_name, reads, expected) => {
  const table = new NodeTable()
  for (const each of nodes) table.setNode(each)
  expect(scores(table, reads)).toEqual(expected)
})

test('dataLocality() follows nodes that come, change and leave', () => {
  const table = new NodeTable()
  const plugin = dataLocality(pluginContext({ table }), { tiers: [] })
  const now = (): unknown => {
    const pod = makePodInfo({ metadata: { annotations: { [readsAnnotation]: 'logs' } } })
    const result = plugin.preScore?.(pod, table.nodes)
    return result?.type === 'score' ? table.nodes.map(result.score) : 'skip'
  }
  for (const each of nodes) table.setNode(each)
  expect(now()).toEqual([100, 0, 0, 0])
  table.setNode(node('n3', 'c', { logs: '90Gi' }))
  expect(now()).toEqual([100, 0, 0, 100])
  table.removeNode('n0')
  table.setNode(node('n3', 'c'))
  expect(now()).toBe('skip')
})
