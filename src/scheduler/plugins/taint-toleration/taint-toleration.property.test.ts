import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toleratesTaint } from '../../../api/core/pod/tolerations.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { taintToleration } from './taint-toleration.ts'

const keys = fc.constantFrom('a', 'b')
const effects = fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule')
const taints = fc.array(fc.record({ key: keys, effect: effects }), { maxLength: 3 })
const spec = fc.oneof(fc.record({ taints }), fc.constant({}))
const names = fc.integer({ min: 0, max: 20 }).map((number) => `n${number}`)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name: names, spec }) },
  { weight: 1, arbitrary: fc.record({ gone: names }) },
)
const tolerations = fc.array(
  fc.oneof(
    fc.record({ key: keys, operator: fc.constant('Exists') }),
    fc.record({ key: keys, operator: fc.constant('Exists'), effect: effects }),
  ),
  { maxLength: 2 },
)

function untolerated(node: core.v1.Node, wanted: readonly core.v1.Toleration[], soft: boolean): number {
  return (node.spec?.taints ?? []).filter(
    (taint) =>
      (taint.effect === 'PreferNoSchedule') === soft && !wanted.some((one) => toleratesTaint(one, taint)),
  ).length
}

test('taintToleration() says what a look at every node says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), tolerations, (steps, wanted) => {
      const table = new NodeTable()
      const nodes = new Map<string, core.v1.Node>()
      for (const each of steps) {
        if ('gone' in each) {
          table.removeNode(each.gone)
          nodes.delete(each.gone)
          continue
        }
        const node: core.v1.Node = { metadata: { name: each.name }, spec: each.spec }
        table.setNode(node)
        nodes.set(each.name, node)
      }
      const pod = makePodInfo({ metadata: { uid: 'p' }, spec: { containers: [], tolerations: wanted } })
      const plugin = taintToleration(pluginContext({ table }))
      const filters = plugin.preFilter?.(pod)
      const scores = plugin.preScore?.(pod, table.nodes)
      const twins = [...nodes].map(([name, node]) => [
        name,
        untolerated(node, wanted, false) > 0,
        untolerated(node, wanted, true),
      ])
      const found = table.nodes.map((info) => [
        info.name,
        filters?.type === 'filter' && filters.filter(info) !== undefined,
        scores?.type === 'score' ? scores.score(info) : 0,
      ])
      expect(new Map(found.map((each) => [each[0], each]))).toEqual(
        new Map(twins.map((each) => [each[0], each])),
      )
    }),
  )
})
