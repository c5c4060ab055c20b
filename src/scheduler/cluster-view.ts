import { isPodTerminal } from '../api/core/pod/pod-state.ts'
import type { core } from '../api/generated/types/index.ts'
import type { Host } from '../base/host.ts'
import {
  actions,
  assignedPodEvent,
  type ClusterEvent,
  nodeEvent,
  unscheduledPodEvent,
} from './cluster-event.ts'
import { NodeTable } from './node-table.ts'
import { makePodInfo, type PodInfo, refreshPodInfo } from './pod-info.ts'
import { nodeChanges, podChanges } from './scheduling-changes.ts'

/** Who takes the news that are not the table's. */
export interface ClusterViewListener {
  /** Something that may help pods which wait. `accepts`: only these. */
  happened(event: ClusterEvent, accepts?: (pod: PodInfo) => boolean): void
  /** A pod without a node is new, or has changed; `old` is absent for a new one. */
  waits(pod: core.v1.Pod, old: core.v1.Pod | undefined): void
  /** A pod needs no node (any more); `bound`: because it has one. */
  gone(uid: string, bound: boolean): void
  /** An assumed pod is being deleted. */
  withdrawn(uid: string): void
  /** An event has been dealt with: the table is changed and pods are moved. */
  handled(label: string, tookMs: number): void
}

/** The pod with its node, as others shall see it. */
const withNode = (pod: core.v1.Pod, nodeName: string): core.v1.Pod => ({
  ...pod,
  spec: { containers: [], ...pod.spec, nodeName },
})

/**
 * Keeps the table of nodes in step with the API, and with what is assumed of it. While a cycle is under way that lets
 * other work run, changes wait: the cycle's picture stays as it is.
 */
export class ClusterView {
  readonly table = new NodeTable()
  readonly #listener: ClusterViewListener
  readonly #host: Pick<Host, 'monotonicMs'>
  /** When the change that is under way has begun. */
  #sinceMs = 0
  /** Where each pod is, assumed or seen, by uid. */
  readonly #placed = new Map<string, string>()
  readonly #assumed = new Set<string>()
  /** Changes that wait for the end of a cycle. */
  #held: (() => void)[] | undefined
  #holds = 0

  constructor(listener: ClusterViewListener, host: Pick<Host, 'monotonicMs'>) {
    this.#listener = listener
    this.#host = host
  }

  /** Changes wait until `release`, called as often. */
  hold(): void {
    this.#held ??= []
    this.#holds++
  }

  release(): void {
    if (--this.#holds > 0) return
    const held = this.#held ?? []
    this.#held = undefined
    for (const change of held) change()
  }

  get sizes(): { readonly nodes: number; readonly pods: number; readonly assumed_pods: number } {
    return { nodes: this.table.nodes.length, pods: this.#placed.size, assumed_pods: this.#assumed.size }
  }

  /** Where a pod is, assumed or seen. */
  nodeOf(uid: string): string | undefined {
    return this.#placed.get(uid)
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid)
  }

  /** Within a cycle: the pod counts as on the node from now on. */
  assume(info: PodInfo, node: string): void {
    this.#assumed.add(info.uid)
    this.#placed.set(info.uid, node)
    this.table.addPod(node, info)
  }

  /** Within a cycle: takes back what the cycle itself has assumed. Nothing has changed for others, and nobody is told. */
  retract(info: PodInfo, node: string): void {
    if (!this.#assumed.delete(info.uid)) return
    this.#placed.delete(info.uid)
    this.table.removePod(node, info.uid)
  }

  /** The pod is not on its way to the node any more. `accepts`: whom that may help. */
  forget(info: PodInfo, node: string, accepts?: (pod: PodInfo) => boolean): void {
    this.change(() => {
      if (!this.#assumed.delete(info.uid)) return
      this.#placed.delete(info.uid)
      this.table.removePod(node, info.uid)
      const old = withNode(info.pod, node)
      this.#listener.happened(assignedPodEvent({ action: actions.delete, old }), accepts)
    })
  }

  onNode(node: core.v1.Node | undefined, old: core.v1.Node | undefined): void {
    this.change(() => {
      this.#sinceMs = this.#host.monotonicMs()
      this.#setNode(node, old)
    })
  }

  onPod(pod: core.v1.Pod | undefined, old: core.v1.Pod | undefined): void {
    this.change(() => {
      this.#sinceMs = this.#host.monotonicMs()
      this.#setPod(pod, old)
    })
  }

  /** Runs `change` between cycles. */
  change(change: () => void): void {
    if (this.#held === undefined) change()
    else this.#held.push(change)
  }

  #happened(event: ClusterEvent, accepts?: (pod: PodInfo) => boolean): void {
    this.#listener.happened(event, accepts)
    this.#handled(event.label)
  }

  #handled(label: string): void {
    this.#listener.handled(label, this.#host.monotonicMs() - this.#sinceMs)
  }

  #setNode(node: core.v1.Node | undefined, old: core.v1.Node | undefined): void {
    if (node === undefined) {
      this.#happened(nodeEvent({ action: actions.delete, old }))
      this.table.removeNode(old?.metadata?.name ?? '')
      return
    }
    this.table.setNode(node)
    if (old === undefined) this.#happened(nodeEvent({ action: actions.add, object: node }))
    else for (const action of nodeChanges(node, old)) this.#happened(nodeEvent({ action, object: node, old }))
  }

  #setPod(pod: core.v1.Pod | undefined, old: core.v1.Pod | undefined): void {
    const uid = (pod ?? old)?.metadata?.uid
    if (uid === undefined) return
    if (pod === undefined || isPodTerminal(pod)) this.#remove(old ?? pod, uid)
    else if (pod.spec?.nodeName) this.#place(pod, old, uid, pod.spec.nodeName)
    else this.#wait(pod, old, uid)
  }

  #remove(last: core.v1.Pod | undefined, uid: string): void {
    const node = this.#placed.get(uid)
    const info = node === undefined ? undefined : this.table.get(node)?.pods.get(uid)
    if (this.#assumed.delete(uid)) this.#listener.withdrawn(uid)
    this.#listener.gone(uid, false)
    const pod = last ?? info?.pod
    if (pod === undefined) return
    if (node !== undefined) {
      this.#placed.delete(uid)
      this.table.removePod(node, uid)
      const gone = pod.spec?.nodeName ? pod : withNode(pod, node)
      this.#happened(assignedPodEvent({ action: actions.delete, old: gone }))
    } else if (pod.status?.nominatedNodeName) this.#nominationEnds(pod)
  }

  /** Pods of no higher priority have seen room taken there. */
  #nominationEnds(pod: core.v1.Pod): void {
    const { priority } = makePodInfo(pod)
    this.#happened(
      assignedPodEvent({ action: actions.delete, old: pod }),
      (other) => other.priority <= priority,
    )
  }

  #place(pod: core.v1.Pod, old: core.v1.Pod | undefined, uid: string, node: string): void {
    const before = this.#placed.get(uid)
    const known = before === node ? this.table.get(node)?.pods.get(uid) : undefined
    const info = known === undefined ? makePodInfo(pod) : refreshPodInfo(known, pod)
    if (before !== undefined && before !== node) this.table.removePod(before, uid)
    if (info !== known) this.table.addPod(node, info)
    this.#placed.set(uid, node)
    this.#assumed.delete(uid)
    if (old?.spec?.nodeName) {
      for (const action of podChanges(pod, old))
        this.#happened(assignedPodEvent({ action, object: pod, old }))
      return
    }
    this.#listener.gone(uid, true)
    this.#happened(assignedPodEvent({ action: actions.add, object: pod }))
  }

  #wait(pod: core.v1.Pod, old: core.v1.Pod | undefined, uid: string): void {
    if (this.#assumed.has(uid)) {
      if (pod.metadata?.deletionTimestamp !== undefined && old?.metadata?.deletionTimestamp === undefined)
        this.#withdraw(pod, uid)
      return
    }
    this.#listener.waits(pod, old)
    this.#handled(unscheduledPodEvent({ action: old === undefined ? actions.add : actions.update }).label)
    const nominated = old?.status?.nominatedNodeName
    if (old !== undefined && nominated && nominated !== pod.status?.nominatedNodeName)
      this.#nominationEnds(old)
  }

  #withdraw(pod: core.v1.Pod, uid: string): void {
    const node = this.#placed.get(uid)
    if (node === undefined) return
    this.#assumed.delete(uid)
    this.#placed.delete(uid)
    this.table.removePod(node, uid)
    this.#listener.withdrawn(uid)
    this.#happened(assignedPodEvent({ action: actions.delete, old: withNode(pod, node) }))
  }
}
