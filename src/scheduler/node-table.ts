import { amountsOf } from '../api/core/pod/pod-requests.ts'
import type { core } from '../api/generated/types/index.ts'
import { jsonEqual } from '../apimachinery/json-equal.ts'
import { assert } from '../base/assert.ts'
import { ImageTable } from './image-table.ts'
import type { ImageState, NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { TopologyColumn } from './topology-column.ts'
import { zoneOrder } from './zone-order.ts'

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
  'unschedulable',
  'taints',
  'softTaints',
  'generation',
] as const

/**
 * One number per node and name, by node index: `unschedulable` is 1 for a cordoned node, `taints` and `softTaints` count
 * them. `generation` is another one after every change of the node and its pods, and never given out twice: what was
 * worked out at the same generation still holds.
 */
export type Columns = Record<(typeof columnNames)[number], Float64Array>

interface MutableNodeInfo extends NodeInfo {
  index: number
  node: core.v1.Node
  images: ReadonlyMap<string, ImageState>
  readonly pods: Map<string, PodInfo>
  readonly podsWithAffinity: Set<PodInfo>
  readonly podsWithRequiredAntiAffinity: Set<PodInfo>
  readonly extended: Map<string, { allocatable: number; requested: number }>
  readonly claims: Map<string, number>
}

/**
 * Told of each change, suppositions of a cycle too, for counts that are kept rather than worked out in each cycle. A
 * node comes without pods and leaves with them: `nodeLeaves` is called while `node.pods` still holds them. A node whose
 * labels or taints change leaves and comes again, its pods with it.
 */
export interface NodeTableObserver {
  nodeComes(node: NodeInfo): void
  nodeLeaves(node: NodeInfo): void
  podAdded(node: NodeInfo, pod: PodInfo): void
  podRemoved(node: NodeInfo, pod: PodInfo): void
}

const initialCapacity = 16
/** Labels that columns are kept of: pods say which, so there is an end to it. */
const defaultMaxTopologies = 256
/** Resources that columns hold; of others `NodeInfo.extended` tells. */
export const inColumns: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods'])
const noImages: ReadonlyMap<string, ImageState> = new Map()

function comeWithPods(observer: NodeTableObserver, info: NodeInfo): void {
  observer.nodeComes(info)
  for (const pod of info.pods.values()) observer.podAdded(info, pod)
}

const labelsChanged = (node: core.v1.Node, old: core.v1.Node): boolean =>
  !jsonEqual(node.metadata?.labels, old.metadata?.labels)

function makeColumns(capacity: number): Columns {
  return Object.fromEntries(columnNames.map((name) => [name, new Float64Array(capacity)])) as Columns
}

/**
 * The scheduler's picture of the nodes: what each offers, what is requested there (assumed pods included). The
 * numbers of the hot filters and scores lie in columns, so that a pass over thousands of nodes is a tight loop.
 * Indices are dense; the last node moves into the place of one that leaves. Nothing changes within a cycle but by the
 * cycle's own suppositions (`suppose-pods.ts`), which are taken back.
 */
export class NodeTable {
  #columns = makeColumns(initialCapacity)
  #capacity = initialCapacity
  #generation = 0
  #softTaints = 0
  #order: readonly number[] | undefined
  readonly #nodes: MutableNodeInfo[] = []
  readonly #byName = new Map<string, MutableNodeInfo>()
  /** Pods on nodes that are not known (yet), by node and uid. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>()
  readonly #images = new ImageTable()
  readonly #withAffinity = new Set<NodeInfo>()
  readonly #withRequiredAntiAffinity = new Set<NodeInfo>()
  readonly #claims = new Map<string, number>()
  readonly #observers: NodeTableObserver[] = []
  readonly #topologies = new Map<string, TopologyColumn>()
  readonly #maxTopologies: number

  constructor(maxTopologies = defaultMaxTopologies) {
    this.#maxTopologies = maxTopologies
  }

  get columns(): Columns {
    return this.#columns
  }

  /** Indices are below it. */
  get capacity(): number {
    return this.#capacity
  }

  /** By index. */
  get nodes(): readonly NodeInfo[] {
    return this.#nodes
  }

  /** Indices in the order in which nodes are searched: zones take turns. */
  get order(): readonly number[] {
    this.#order ??= zoneOrder(this.#nodes).map(({ index }) => index)
    return this.#order
  }

  /** Of all nodes: taints that only make them less welcome. */
  get softTaints(): number {
    return this.#softTaints
  }

  /** Whether any node has it. */
  hasImage(name: string): boolean {
    return this.#images.has(name)
  }

  /** Nodes with pods that have affinity or anti-affinity to pods. */
  get nodesWithAffinity(): ReadonlySet<NodeInfo> {
    return this.#withAffinity
  }

  get nodesWithRequiredAntiAffinity(): ReadonlySet<NodeInfo> {
    return this.#withRequiredAntiAffinity
  }

  /** How many pods with a known node use each claim, by its `namespace/name`. */
  get claims(): ReadonlyMap<string, number> {
    return this.#claims
  }

  /** One label of all nodes, kept from now on; undefined: there are too many such columns already. */
  topology(key: string): TopologyColumn | undefined {
    const known = this.#topologies.get(key)
    if (known !== undefined || this.#topologies.size >= this.#maxTopologies) return known
    const column = new TopologyColumn(key, this.#capacity)
    for (const { index, node } of this.#nodes) column.set(index, node.metadata?.labels?.[key])
    this.#topologies.set(key, column)
    return column
  }

  get(name: string): NodeInfo | undefined {
    return this.#byName.get(name)
  }

  /** What is there already is told at once. */
  observe(observer: NodeTableObserver): void {
    for (const info of this.#nodes) comeWithPods(observer, info)
    this.#observers.push(observer)
  }

  setNode(node: core.v1.Node): void {
    const name = node.metadata?.name ?? ''
    const known = this.#byName.get(name)
    if (known) this.#updateNode(known, node)
    else this.#addNode(name, node)
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name)
    if (!info) return
    for (const observer of this.#observers) observer.nodeLeaves(info)
    const pods = new Map(info.pods)
    for (const pod of pods.values()) this.#take(info, pod)
    if (pods.size > 0) this.#homeless.set(name, pods)
    this.#byName.delete(name)
    this.#order = undefined
    this.#images.remove(name, info.images)
    this.#softTaints -= this.#columns.softTaints[info.index] ?? 0
    const last = this.#nodes.pop()
    assert(last !== undefined, 'a table with a node has a last one')
    for (const column of this.#topologies.values()) {
      if (last === info) column.set(info.index, undefined)
      else column.move(last.index, info.index)
    }
    if (last !== info) {
      for (const column of columnNames) {
        const values = this.#columns[column]
        values[info.index] = values[last.index] ?? 0
      }
      last.index = info.index
      this.#nodes[info.index] = last
      this.#touch(last)
    }
  }

  /** Adds a pod, or puts a newer picture of it in the place of the one that is there. */
  addPod(nodeName: string, pod: PodInfo): void {
    const info = this.#byName.get(nodeName)
    if (!info) {
      const pods = this.#homeless.get(nodeName) ?? new Map<string, PodInfo>()
      this.#homeless.set(nodeName, pods.set(pod.uid, pod))
      return
    }
    this.removePod(nodeName, pod.uid)
    info.pods.set(pod.uid, pod)
    if (pod.affinity !== undefined) {
      info.podsWithAffinity.add(pod)
      this.#withAffinity.add(info)
      if (pod.affinity.requiredAntiAffinity.length > 0) {
        info.podsWithRequiredAntiAffinity.add(pod)
        this.#withRequiredAntiAffinity.add(info)
      }
    }
    this.#account(info, pod, 1)
    for (const observer of this.#observers) observer.podAdded(info, pod)
  }

  removePod(nodeName: string, uid: string): void {
    const info = this.#byName.get(nodeName)
    const pod = info?.pods.get(uid)
    if (!info || !pod) {
      const pods = this.#homeless.get(nodeName)
      if (pods?.delete(uid) && pods.size === 0) this.#homeless.delete(nodeName)
      return
    }
    this.#take(info, pod)
    for (const observer of this.#observers) observer.podRemoved(info, pod)
  }

  #take(info: MutableNodeInfo, pod: PodInfo): void {
    info.pods.delete(pod.uid)
    if (info.podsWithAffinity.delete(pod) && info.podsWithAffinity.size === 0) this.#withAffinity.delete(info)
    if (info.podsWithRequiredAntiAffinity.delete(pod) && info.podsWithRequiredAntiAffinity.size === 0)
      this.#withRequiredAntiAffinity.delete(info)
    this.#account(info, pod, -1)
  }

  #addNode(name: string, node: core.v1.Node): void {
    const index = this.#nodes.length
    if (index === this.#capacity) this.#grow()
    const info: MutableNodeInfo = {
      name,
      index,
      node,
      pods: new Map(),
      podsWithAffinity: new Set(),
      podsWithRequiredAntiAffinity: new Set(),
      extended: new Map(),
      images: noImages,
      claims: new Map(),
    }
    this.#nodes.push(info)
    this.#byName.set(name, info)
    this.#order = undefined
    for (const column of columnNames) this.#columns[column][index] = 0
    this.#writeNode(info, undefined)
    for (const observer of this.#observers) observer.nodeComes(info)
    const waiting = this.#homeless.get(name)
    this.#homeless.delete(name)
    for (const pod of waiting?.values() ?? []) this.addPod(name, pod)
  }

  #updateNode(info: MutableNodeInfo, node: core.v1.Node): void {
    const old = info.node
    const moves = labelsChanged(node, old)
    const told = moves || !jsonEqual(node.spec?.taints, old.spec?.taints) ? this.#observers : []
    for (const observer of told) observer.nodeLeaves(info)
    info.node = node
    if (moves) this.#order = undefined
    this.#writeNode(info, old)
    for (const observer of told) comeWithPods(observer, info)
  }

  #writeNode(info: MutableNodeInfo, old: core.v1.Node | undefined): void {
    const images = info.node.status?.images
    if (images !== old?.status?.images) info.images = this.#images.update(info.name, images, info.images)
    this.#writeAllocatable(info)
    this.#columns.unschedulable[info.index] = info.node.spec?.unschedulable ? 1 : 0
    this.#writeTaints(info)
    for (const column of this.#topologies.values())
      column.set(info.index, info.node.metadata?.labels?.[column.key])
    this.#touch(info)
  }

  #writeTaints({ index, node }: MutableNodeInfo): void {
    const { taints, softTaints } = this.#columns
    const all = node.spec?.taints ?? []
    const soft = all.filter(({ effect }) => effect === 'PreferNoSchedule').length
    this.#softTaints += soft - (softTaints[index] ?? 0)
    softTaints[index] = soft
    taints[index] = all.length
  }

  #touch(info: MutableNodeInfo): void {
    this.#columns.generation[info.index] = ++this.#generation
  }

  #account(info: MutableNodeInfo, pod: PodInfo, sign: 1 | -1): void {
    const { index } = info
    const add = (values: Float64Array, amount: number): void => {
      values[index] = (values[index] ?? 0) + sign * amount
    }
    const columns = this.#columns
    add(columns.podCount, 1)
    add(columns.nonZeroCpuMilli, pod.nonZeroCpuMilli)
    add(columns.nonZeroMemoryBytes, pod.nonZeroMemoryBytes)
    for (const [name, amount] of pod.requests) {
      if (name === 'cpu') add(columns.requestedCpuMilli, amount)
      else if (name === 'memory') add(columns.requestedMemoryBytes, amount)
      else if (name === 'ephemeral-storage') add(columns.requestedEphemeralBytes, amount)
      else {
        const extended = info.extended.get(name) ?? { allocatable: 0, requested: 0 }
        extended.requested += sign * amount
        info.extended.set(name, extended)
      }
    }
    for (const claim of pod.claims) {
      count(info.claims, claim, sign)
      count(this.#claims, claim, sign)
    }
    this.#touch(info)
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
    for (const column of this.#topologies.values()) column.grow(this.#capacity)
  }
}

function count(counts: Map<string, number>, key: string, sign: 1 | -1): void {
  const sum = (counts.get(key) ?? 0) + sign
  if (sum <= 0) counts.delete(key)
  else counts.set(key, sum)
}
