import { expect, test } from 'vitest'
import type { scheduling } from '../../../api/generated/types/index.ts'
import type { GroupToPlace } from '../../framework.ts'
import { NodeTable } from '../../node-table.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { topologyPlacementGenerator } from './topology-placement-generator.ts'

const table = new NodeTable()
for (const [name, rack] of [
  ['n1', 'a'],
  ['n2', 'b'],
  ['n3', 'a'],
  ['n4', undefined],
] as const)
  table.setNode({ metadata: { name, labels: rack === undefined ? {} : { rack } } })

const group = (...topology: readonly { key: string }[]): scheduling.v1alpha2.PodGroup => ({
  metadata: { name: 'g', namespace: 'd' },
  spec: { schedulingPolicy: { basic: {} }, schedulingConstraints: { topology: [...topology] } },
})
const on = (...nodes: readonly string[]): GroupToPlace['placed'] =>
  nodes.map((node) => ({ pod: { metadata: { name: `on-${node}`, namespace: 'd' } }, node }))

function placements(given: GroupToPlace): Record<string, readonly string[]> {
  const { placementGenerate } = topologyPlacementGenerator(pluginContext({ table }))
  const found = placementGenerate?.(given, { name: '', nodes: table.nodes }) ?? []
  return Object.fromEntries(found.map(({ name, nodes }) => [name, nodes.map((node) => node.name)]))
}

test.each<[string, GroupToPlace, Record<string, readonly string[]>]>([
  [
    'all nodes for a group without a constraint',
    { group: group(), placed: [] },
    { '': ['n1', 'n2', 'n3', 'n4'] },
  ],
  [
    'one for each value of the label',
    { group: group({ key: 'rack' }), placed: [] },
    { a: ['n1', 'n3'], b: ['n2'] },
  ],
  ['that where its pods are', { group: group({ key: 'rack' }), placed: on('n3') }, { a: ['n1', 'n3'] }],
  ['none for a label that no node has', { group: group({ key: 'row' }), placed: [] }, {}],
])('topologyPlacementGenerator() gives %s', (_name, given, expected) => {
  expect(placements(given)).toEqual(expected)
})

test.each([
  [['n4'], 'no topology domain found for pod d/on-n4'],
  [['n1', 'n2'], 'more than 1 domain found for pod group: a, b'],
  [['n9'], 'getting node for pod d/on-n9: nodeinfo not found for node name "n9"'],
])('topologyPlacementGenerator() cannot tell where pods on %s are', (nodes, message) => {
  expect(() => placements({ group: group({ key: 'rack' }), placed: on(...nodes) })).toThrow(
    `cannot determine domain for already scheduled pods: ${message}`,
  )
})
