import { amountsOf } from '../api/core/pod/pod-requests.ts'
import type { core } from '../api/generated/types/index.ts'
import { jsonEqual } from '../apimachinery/json-equal.ts'
import { assert } from '../base/assert.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

const columnNames = [
  'allocatableCpuMilli',
  'allocatableMemoryBytes',
  'allocatableEphemeralBytes',
  'allocatablePods',
  'requestedCpuMilli',
  'requestedMemoryBytes',
  'requestedEphemeralBytes',
  'nonZeroCpuMilli',
  'nonZeroMemoryBytes',
  'podCount',
] as const

/** One number per node and name, by node index. */
export type Columns = Record<(typeof columnNames)[number], Float64Array>

/**
 * Told of each change, for counts that are kept rather than worked out in each cycle. A node comes without pods and
 * leaves with them: `nodeLeaves` is called while `node.pods` still holds them. A node whose labels or taints change
 * leaves and comes again, its pods with it.
 */
export interface NodeTableObserver {
  nodeComes(node: NodeInfo): void
  nodeLeaves(node: NodeInfo): void
  podAdded(node: NodeInfo, pod: PodInfo): void
  podRemoved(node: NodeInfo, pod: PodInfo): void
}

interface MutableNodeInfo extends NodeInfo {
  node: core.v1.Node
  readonly pods: Map<string, PodInfo>
  readonly extended: Map<string, { allocatable: number; requested: number }>
}

const initialCapacity = 16
const inColumns: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods'])

function comeWithPods(observer: NodeTableObserver, info: NodeInfo): void {
  observer.nodeComes(info)
  for (const pod of info.pods.values()) observer.podAdded(info, pod)
}

const placeChanged = (node: core.v1.Node, old: core.v1.Node): boolean =>
  !jsonEqual(node.metadata?.labels, old.metadata?.labels) || !jsonEqual(node.spec?.taints, old.spec?.taints)

function makeColumns(capacity: number): Columns {
  return Object.fromEntries(columnNames.map((name) => [name, new Float64Array(capacity)])) as Columns
}

/**
 * The scheduler's picture of the nodes: what each offers, what is requested there (assumed pods included). The
 * numbers of the hot filters and scores lie in columns, so that a pass over thousands of nodes is a tight loop.
 * Indices are dense; the last node moves into the place of one that leaves.
 */
export class NodeTable {
  #columns = makeColumns(initialCapacity)
  #capacity = initialCapacity
  readonly #nodes: MutableNodeInfo[] = []
  readonly #byName = new Map<string, MutableNodeInfo>()
  /** Pods on nodes that are not known (yet), by node and uid. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>()
  readonly #observers: NodeTableObserver[] = []

  /** What is there already is told at once. */
  observe(observer: NodeTableObserver): void {
    for (const info of this.#nodes) comeWithPods(observer, info)
    this.#observers.push(observer)
  }

  get columns(): Columns {
    return this.#columns
  }

  /** By index. */
  get nodes(): readonly NodeInfo[] {
    return this.#nodes
  }

  get(name: string): NodeInfo | undefined {
    return this.#byName.get(name)
  }

  setNode(node: core.v1.Node): void {
    const name = node.metadata?.name ?? ''
    const known = this.#byName.get(name)
    if (known) {
      const moves = this.#observers.length > 0 && placeChanged(node, known.node)
      if (moves) for (const observer of this.#observers) observer.nodeLeaves(known)
      known.node = node
      this.#writeAllocatable(known)
      if (moves) for (const observer of this.#observers) comeWithPods(observer, known)
      return
    }
    const index = this.#nodes.length
    if (index === this.#capacity) this.#grow()
    const info: MutableNodeInfo = { name, index, node, pods: new Map(), extended: new Map() }
    this.#nodes.push(info)
    this.#byName.set(name, info)
    for (const column of columnNames) this.#columns[column][index] = 0
    this.#writeAllocatable(info)
    for (const observer of this.#observers) observer.nodeComes(info)
    const waiting = this.#homeless.get(name)
    this.#homeless.delete(name)
    for (const pod of waiting?.values() ?? []) this.addPod(name, pod)
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name)
    if (!info) return
    for (const observer of this.#observers) observer.nodeLeaves(info)
    this.#byName.delete(name)
    if (info.pods.size > 0) this.#homeless.set(name, info.pods)
    const last = this.#nodes.pop()
    assert(last !== undefined, 'a table with a node has a last one')
    if (last === info) return
    for (const column of columnNames) {
      const values = this.#columns[column]
      values[info.index] = values[last.index] ?? 0
    }
    const moved: MutableNodeInfo = { ...last, index: info.index }
    this.#nodes[info.index] = moved
    this.#byName.set(moved.name, moved)
  }

  addPod(nodeName: string, pod: PodInfo): void {
    const info = this.#byName.get(nodeName)
    if (!info) {
      const pods = this.#homeless.get(nodeName) ?? new Map<string, PodInfo>()
      this.#homeless.set(nodeName, pods.set(pod.uid, pod))
      return
    }
    const present = info.pods.get(pod.uid)
    if (present) this.#take(info, present)
    info.pods.set(pod.uid, pod)
    this.#account(info, pod, 1)
    for (const observer of this.#observers) observer.podAdded(info, pod)
  }

  removePod(nodeName: string, uid: string): void {
    const info = this.#byName.get(nodeName)
    const pod = info?.pods.get(uid)
    if (info && pod) {
      this.#take(info, pod)
      return
    }
    const pods = this.#homeless.get(nodeName)
    if (pods?.delete(uid) && pods.size === 0) this.#homeless.delete(nodeName)
  }

  #take(info: MutableNodeInfo, pod: PodInfo): void {
    info.pods.delete(pod.uid)
    this.#account(info, pod, -1)
    for (const observer of this.#observers) observer.podRemoved(info, pod)
  }

  #account(info: MutableNodeInfo, pod: PodInfo, sign: 1 | -1): void {
    const add = (column: keyof Columns, amount: number): void => {
      const values = this.#columns[column]
      values[info.index] = (values[info.index] ?? 0) + sign * amount
    }
    add('podCount', 1)
    add('nonZeroCpuMilli', pod.nonZeroCpuMilli)
    add('nonZeroMemoryBytes', pod.nonZeroMemoryBytes)
    for (const [name, amount] of pod.requests) {
      if (name === 'cpu') add('requestedCpuMilli', amount)
      else if (name === 'memory') add('requestedMemoryBytes', amount)
      else if (name === 'ephemeral-storage') add('requestedEphemeralBytes', amount)
      else {
        const extended = info.extended.get(name) ?? { allocatable: 0, requested: 0 }
        extended.requested += sign * amount
        info.extended.set(name, extended)
      }
    }
  }

  #writeAllocatable(info: MutableNodeInfo): void {
    const amounts = amountsOf(info.node.status?.allocatable ?? info.node.status?.capacity)
    this.#columns.allocatableCpuMilli[info.index] = amounts.get('cpu') ?? 0
    this.#columns.allocatableMemoryBytes[info.index] = amounts.get('memory') ?? 0
    this.#columns.allocatableEphemeralBytes[info.index] = amounts.get('ephemeral-storage') ?? 0
    this.#columns.allocatablePods[info.index] = amounts.get('pods') ?? 0
    for (const extended of info.extended.values()) extended.allocatable = 0
    for (const [name, amount] of amounts) {
      if (inColumns.has(name)) continue
      const extended = info.extended.get(name) ?? { allocatable: 0, requested: 0 }
      extended.allocatable = amount
      info.extended.set(name, extended)
    }
  }

  #grow(): void {
    this.#capacity *= 2
    const columns = makeColumns(this.#capacity)
    for (const name of columnNames) columns[name].set(this.#columns[name])
    this.#columns = columns
  }
}
