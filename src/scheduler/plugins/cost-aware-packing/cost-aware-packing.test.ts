import { expect, test } from 'vitest'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import type { CostAwarePackingArgs } from './cost-args.ts'
import { costAwarePacking, defaultPriceLabel } from './cost-aware-packing.ts'

const node = (name: string, labels: Readonly<Record<string, string>>, cpu = '4') => ({
  metadata: { name, labels },
  status: { allocatable: { cpu, memory: '16Gi', pods: '110' } },
})
const pod = (name: string, cpu: string, owner?: string) =>
  makePodInfo({
    metadata: {
      name,
      uid: name,
      ...(owner && {
        ownerReferences: [{ apiVersion: 'apps/v1', kind: owner, name: 'o', uid: 'o', controller: true }],
      }),
    },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu, memory: '1Gi' } } }] },
  })

function scores(args?: CostAwarePackingArgs): readonly number[] {
  const table = new NodeTable()
  const price = (hourly: string) => ({ [defaultPriceLabel]: hourly })
  table.setNode(node('dear-in-use', { ...price('2'), 'node.kubernetes.io/instance-type': 'large' }))
  table.setNode(node('cheap-in-use', price('1')))
  table.setNode(node('cheap-and-full', price('1')))
  table.setNode(node('cheap-but-for-a-daemon', price('1')))
  table.setNode(node('unknown', { 'node.kubernetes.io/instance-type': 'small' }))
  table.addPod('dear-in-use', pod('a', '1'))
  table.addPod('cheap-in-use', pod('b', '1', 'ReplicaSet'))
  table.addPod('cheap-and-full', pod('c', '3'))
  table.addPod('cheap-but-for-a-daemon', pod('d', '1', 'DaemonSet'))
  const plugin = costAwarePacking(pluginContext({ table }), args)
  const result = plugin.preScore?.(pod('new', '1'), table.nodes)
  if (result?.type !== 'score') return []
  const costs = Float64Array.from(table.nodes, result.score)
  result.normalize?.(costs)
  return [...costs]
}

test('costAwarePacking() prefers cheap nodes in use, the fuller ones first', () => {
  // 2 × (1/4 + 2/4 ÷ 2) = 1; 1 × (1/4 + 2/4 ÷ 2) = 0.5; 1 × 1/4; 1 × (1/4 + 2/4); 1 × (1/4 + 3/4)
  expect(scores()).toEqual([0, 67, 100, 33, 0])
})

test('costAwarePacking() takes prices from its arguments, and room that stays empty as they say', () => {
  const prices = new Map([
    ['small', 0.1],
    ['large', 9],
  ])
  // 2 × 1/4; 1/4; 1/4; 3/4; 0.1 × 1
  expect(scores({ prices, idlePercent: 0 })).toEqual([38, 77, 77, 0, 100])
})
