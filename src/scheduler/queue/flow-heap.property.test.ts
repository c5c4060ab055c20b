import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HeapNode } from '../../base/heap.ts'
import { FlowHeap } from './flow-heap.ts'

interface Item {
  readonly flow: string
  readonly rank: number
}

const flows = ['a', 'b', 'c'] as const
const steps = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('push' as const), flow: fc.constantFrom(...flows), rank: fc.nat(20) }),
    fc.record({ act: fc.constant('remove' as const), at: fc.nat() }),
    fc.record({ act: fc.constant('weigh' as const), flow: fc.constantFrom(...flows), weight: fc.nat(5) }),
  ),
  { maxLength: 60 },
)

test('peek() of a FlowHeap is the least of all items by the order as it is then', () => {
  fc.assert(
    fc.property(steps, (acts) => {
      const weights = new Map<string, number>()
      const compare = (one: Item, other: Item): number =>
        (one.flow === other.flow ? 0 : (weights.get(one.flow) ?? 0) - (weights.get(other.flow) ?? 0)) ||
        one.rank - other.rank
      const heap = new FlowHeap<Item>(compare, ({ flow }) => flow)
      const nodes: HeapNode<Item>[] = []
      for (const act of acts) {
        if (act.act === 'push') nodes.push(heap.push({ flow: act.flow, rank: act.rank }))
        else if (act.act === 'weigh') weights.set(act.flow, act.weight)
        else for (const node of nodes.splice(act.at % (nodes.length + 1), 1)) heap.remove(node)
        const items = nodes.map(({ item }) => item)
        const least = items.find((one) => items.every((other) => compare(one, other) <= 0))
        const found = heap.peek()
        expect(heap.size).toBe(items.length)
        if (found === undefined || least === undefined) expect(items).toEqual([])
        else expect(compare(found, least)).toBe(0)
      }
    }),
  )
})
