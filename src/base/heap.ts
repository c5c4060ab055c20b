import { assert } from './assert.ts'

/** A place in a heap; what `remove` takes. Belongs to the heap that made it. */
export interface HeapNode<T> {
  readonly item: T
  /** Kept by the heap, and negative once the node has left it. */
  index: number
}

/** A binary heap: the least item (by `compare`) comes first, and any item can be taken out by its node. */
export class Heap<T> {
  readonly #slots: HeapNode<T>[] = []
  readonly #compare: (a: T, b: T) => number

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#slots.length
  }

  push(item: T): HeapNode<T> {
    const slot: HeapNode<T> = { item, index: this.#slots.length }
    this.#slots.push(slot)
    this.#up(slot)
    return slot
  }

  peek(): T | undefined {
    return this.#slots[0]?.item
  }

  pop(): T | undefined {
    const first = this.#slots[0]
    if (first === undefined) return undefined
    this.#take(first)
    return first.item
  }

  /** False when the node has left the heap before. */
  remove(node: HeapNode<T>): boolean {
    if (node.index < 0) return false
    this.#take(node)
    return true
  }

  /** Restores the order after the node's item has changed its rank. */
  update(node: HeapNode<T>): void {
    assert(node.index >= 0, 'a heap node is updated after it has left the heap')
    this.#up(node)
    this.#down(node)
  }

  #take(slot: HeapNode<T>): void {
    assert(this.#slots[slot.index] === slot, 'a heap node belongs to another heap')
    const last = this.#slots.pop()
    if (last !== undefined && last !== slot) {
      this.#place(last, slot.index)
      this.#up(last)
      this.#down(last)
    }
    slot.index = -1
  }

  #place(slot: HeapNode<T>, index: number): void {
    this.#slots[index] = slot
    slot.index = index
  }

  #up(slot: HeapNode<T>): void {
    let index = slot.index
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#slots[parentIndex]
      if (parent === undefined || this.#compare(slot.item, parent.item) >= 0) break
      this.#place(parent, index)
      index = parentIndex
    }
    this.#place(slot, index)
  }

  #down(slot: HeapNode<T>): void {
    let index = slot.index
    for (;;) {
      const left = this.#slots[2 * index + 1]
      if (left === undefined) break
      const right = this.#slots[2 * index + 2]
      const child = right !== undefined && this.#compare(right.item, left.item) < 0 ? right : left
      if (this.#compare(slot.item, child.item) <= 0) break
      const childIndex = child.index
      this.#place(child, index)
      index = childIndex
    }
    this.#place(slot, index)
  }
}
