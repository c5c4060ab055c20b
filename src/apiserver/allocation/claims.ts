/** How many want each value: what the watch cache shows, and what writes under way have set aside. */
export class Claims<T> {
  readonly #counts = new Map<T, number>()

  has(value: T): boolean {
    return this.#counts.has(value)
  }

  get size(): number {
    return this.#counts.size
  }

  add(values: Iterable<T>): void {
    for (const value of values) this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1)
  }

  remove(values: Iterable<T>): void {
    for (const value of values) {
      const left = (this.#counts.get(value) ?? 0) - 1
      if (left > 0) this.#counts.set(value, left)
      else this.#counts.delete(value)
    }
  }
}
