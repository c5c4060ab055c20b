import { Heap, type HeapNode } from '../../base/heap.ts'

interface Deadline {
  readonly key: string
  readonly modRevision: number
  readonly deadlineMs: number
}

/** When keys are to be deleted, each key at most once. */
export class Deadlines {
  readonly #heap = new Heap<Deadline>((a, b) => a.deadlineMs - b.deadlineMs || a.modRevision - b.modRevision)
  readonly #nodes = new Map<string, HeapNode<Deadline>>()

  get next(): number | undefined {
    return this.#heap.peek()?.deadlineMs
  }

  set(key: string, modRevision: number, deadlineMs: number): void {
    this.remove(key)
    this.#nodes.set(key, this.#heap.push({ key, modRevision, deadlineMs }))
  }

  remove(key: string): void {
    const node = this.#nodes.get(key)
    if (node === undefined) return
    this.#nodes.delete(key)
    this.#heap.remove(node)
  }

  /** Takes out the earliest one, if it is due. */
  takeDue(nowMs: number): Deadline | undefined {
    const first = this.#heap.peek()
    if (first === undefined || first.deadlineMs > nowMs) return undefined
    this.remove(first.key)
    return first
  }
}
