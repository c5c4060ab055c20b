import { Heap, type HeapNode } from '../../base/heap.ts'

/**
 * A heap for each flow. Within a flow the order stands still, as a heap needs it; between the heads of flows it is asked
 * for anew each time, so it may follow what has changed since they came. `peek` takes time in the number of flows.
 */
export class FlowHeap<T> {
  readonly #flows = new Map<string, Heap<T>>()
  readonly #compare: (a: T, b: T) => number
  readonly #flowOf: (item: T) => string
  #size = 0

  /** `flowOf` must say the same of an item as long as it is in the heap. */
  constructor(compare: (a: T, b: T) => number, flowOf: (item: T) => string) {
    this.#compare = compare
    this.#flowOf = flowOf
  }

  get size(): number {
    return this.#size
  }

  push(item: T): HeapNode<T> {
    const flow = this.#flowOf(item)
    const heap = this.#flows.get(flow) ?? new Heap(this.#compare)
    this.#flows.set(flow, heap)
    this.#size++
    return heap.push(item)
  }

  peek(): T | undefined {
    let best: T | undefined
    for (const heap of this.#flows.values()) {
      const head = heap.peek()
      if (head !== undefined && (best === undefined || this.#compare(head, best) < 0)) best = head
    }
    return best
  }

  /** False when the node has left the heap before. */
  remove(node: HeapNode<T>): boolean {
    const flow = this.#flowOf(node.item)
    const heap = this.#flows.get(flow)
    if (heap?.remove(node) !== true) return false
    if (heap.size === 0) this.#flows.delete(flow)
    this.#size--
    return true
  }
}
