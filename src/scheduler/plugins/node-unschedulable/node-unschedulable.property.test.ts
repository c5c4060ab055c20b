import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'

const names = fc.integer({ min: 0, max: 20 }).map((number) => `n${number}`)
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      name: names,
      spec: fc.constantFrom({}, { unschedulable: false }, { unschedulable: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ gone: names }) },
)

test('nodeUnschedulable() refuses the nodes that say so themselves', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, tolerates) => {
      const table = new NodeTable()
      for (const each of steps) {
        if ('gone' in each) table.removeNode(each.gone)
        else table.setNode({ metadata: { name: each.name }, spec: each.spec })
      }
      const tolerations = tolerates ? [{ operator: 'Exists' }] : []
      const pod = makePodInfo({ metadata: { uid: 'p' }, spec: { containers: [], tolerations } })
      const result = nodeUnschedulable(pluginContext({ table })).preFilter?.(pod)
      for (const info of table.nodes) {
        const refused = result?.type === 'filter' && result.filter(info) !== undefined
        expect(refused).toBe(!tolerates && info.node.spec?.unschedulable === true)
      }
    }),
  )
})
