import { expect, test } from 'vitest'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo, type PodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { classLabel } from './class-counts.ts'
import { workloadInterference } from './workload-interference.ts'

const slowdowns = [
  { class: 'service', by: 'batch', percent: 30 },
  { class: 'batch', by: 'batch', percent: 10 },
]
const pod = (name: string, workload?: string): PodInfo =>
  makePodInfo({ metadata: { name, uid: name, ...(workload && { labels: { [classLabel]: workload } }) } })

function tableOf(nodes: readonly (readonly string[])[]): NodeTable {
  const table = new NodeTable()
  for (const [index, workloads] of nodes.entries()) {
    const name = `n${index}`
    table.setNode({ metadata: { name } })
    for (const [place, workload] of workloads.entries()) table.addPod(name, pod(`${name}-${place}`, workload))
  }
  return table
}

const nodes = [[], ['service'], ['batch', 'batch'], ['service', 'batch'], ['other']] as const

test.each([
  ['service', [0, 0, 60, 30, 0]],
  ['batch', [0, 30, 40, 50, 0]],
])('workloadInterference() counts what a newcomer suffers and does: %s', (workload, expected) => {
  const table = tableOf(nodes)
  const result = workloadInterference(pluginContext({ table }), { slowdowns }).preScore?.(
    pod('new', workload),
    table.nodes,
  )
  expect(result?.type === 'score' ? table.nodes.map(result.score) : []).toEqual(expected)
})

test.each([
  ['service', [true, true, false, true, true]],
  ['batch', [true, true, true, false, true]],
])('workloadInterference() refuses nodes over its limit: %s', (workload, expected) => {
  const table = tableOf(nodes)
  const plugin = workloadInterference(pluginContext({ table }), { slowdowns, maxSlowdownPercent: 30 })
  const result = plugin.preFilter?.(pod('new', workload))
  expect(
    result?.type === 'filter' ? table.nodes.map((node) => result.filter(node) === undefined) : [],
  ).toEqual(expected)
})

test('workloadInterference() does not matter to pods without a class, and forgets those that go', () => {
  const table = tableOf([['batch']])
  const plugin = workloadInterference(pluginContext({ table }), { slowdowns, maxSlowdownPercent: 0 })
  expect([plugin.preFilter?.(pod('new')).type, plugin.preScore?.(pod('new'), table.nodes).type]).toEqual([
    'skip',
    'skip',
  ])
  table.removePod('n0', 'n0-0')
  const result = plugin.preFilter?.(pod('new', 'service'))
  expect(result?.type === 'filter' && table.nodes.map(result.filter)).toEqual([undefined])
})
