import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap, type HeapNode } from './heap.ts'

interface Ranked {
  rank: number
}

type Step = { push: number } | { pop: true } | { remove: number } | { rerank: number; to: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ push: fc.nat(20) }),
    fc.record({ pop: fc.constant(true as const) }),
    fc.record({ remove: fc.nat() }),
    fc.record({ rerank: fc.nat(), to: fc.nat(20) }),
  ),
  { maxLength: 200 },
)

test('Heap gives the least item, as a sorted array would', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const heap = new Heap<Ranked>((a, b) => a.rank - b.rank)
      let nodes: HeapNode<Ranked>[] = []
      for (const step of sequence) {
        if ('push' in step) nodes.push(heap.push({ rank: step.push }))
        else if ('pop' in step) {
          const least = nodes.length === 0 ? undefined : Math.min(...nodes.map((node) => node.item.rank))
          const popped = heap.pop()
          expect(popped?.rank).toBe(least)
          nodes = nodes.filter((node) => node.item !== popped)
        } else {
          const node = nodes[('remove' in step ? step.remove : step.rerank) % nodes.length]
          if (node === undefined) continue
          if ('remove' in step) {
            expect(heap.remove(node)).toBe(true)
            expect(heap.remove(node)).toBe(false)
            nodes = nodes.filter((other) => other !== node)
          } else {
            node.item.rank = step.to
            heap.update(node)
          }
        }
        expect(heap.size).toBe(nodes.length)
      }
      const rest = Array.from({ length: heap.size }, () => heap.pop()?.rank)
      expect(rest).toEqual(nodes.map((node) => node.item.rank).sort((a, b) => a - b))
    }),
  )
})
