interface Domain {
  readonly id: number
  readonly value: string
  nodes: number
}

/**
 * One label of all nodes, as small numbers: nodes with the same value have the same one. What is summed up by a
 * topology is then found without a look at the node's labels. A number whose value no node has any more is given out
 * again: what is kept by it has to be 0 by then.
 */
export class TopologyColumn {
  readonly key: string
  /** By node index; -1 for nodes without the label. Another array after the table has grown. */
  ids: Int32Array
  readonly #domains = new Map<string, Domain>()
  readonly #byId: Domain[] = []
  readonly #free: number[] = []

  constructor(key: string, capacity: number) {
    this.key = key
    this.ids = new Int32Array(capacity).fill(-1)
  }

  /** Numbers are below it. */
  get size(): number {
    return this.#byId.length
  }

  grow(capacity: number): void {
    const ids = new Int32Array(capacity).fill(-1)
    ids.set(this.ids)
    this.ids = ids
  }

  set(index: number, value: string | undefined): void {
    const before = this.#byId[this.ids[index] ?? -1]
    if (before?.value === value) return
    this.ids[index] = -1
    if (before !== undefined) this.#leave(before)
    if (value === undefined) return
    const domain = this.#domains.get(value) ?? this.#add(value)
    domain.nodes++
    this.ids[index] = domain.id
  }

  /** The node at `from` has another index now. What was at `to` has left. */
  move(from: number, to: number): void {
    this.set(to, undefined)
    this.ids[to] = this.ids[from] ?? -1
    this.ids[from] = -1
  }

  #add(value: string): Domain {
    const domain = { id: this.#free.pop() ?? this.#byId.length, value, nodes: 0 }
    this.#domains.set(value, domain)
    this.#byId[domain.id] = domain
    return domain
  }

  #leave(domain: Domain): void {
    if (--domain.nodes > 0) return
    this.#domains.delete(domain.value)
    this.#free.push(domain.id)
  }
}
