const leastCapacity = 16

/** A queue with constant-time access to both ends and to any place in between: a ring that doubles when it is full. */
export class Deque<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(leastCapacity)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The item at `index` from the front. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#resize(this.#slots.length * 2)
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item
    this.#length++
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#length--
    // Memory that a burst took is given back once the queue has shrunk well below it.
    if (this.#slots.length > leastCapacity && this.#length * 4 < this.#slots.length) {
      this.#resize(this.#slots.length / 2)
    }
    return item
  }

  clear(): void {
    this.#slots = new Array<T | undefined>(leastCapacity)
    this.#head = 0
    this.#length = 0
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = 0; index < this.#length; index++) {
      const item = this.at(index)
      if (item !== undefined) yield item
    }
  }

  #resize(capacity: number): void {
    const slots = new Array<T | undefined>(capacity)
    for (let index = 0; index < this.#length; index++) slots[index] = this.at(index)
    this.#slots = slots
    this.#head = 0
  }
}
