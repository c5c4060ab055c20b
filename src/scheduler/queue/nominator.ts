import type { core } from '../../api/generated/types/index.ts'
import type { NominatedPods } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'

const nobody: readonly PodInfo[] = []

const nominatedNode = (pod: core.v1.Pod): string => pod.status?.nominatedNodeName ?? ''

/** Which pods shall come to which nodes: known here before their status says so. */
export class Nominator implements NominatedPods {
  readonly #nodes = new Map<string, PodInfo[]>()
  /** By uid. */
  readonly #nodeOf = new Map<string, string>()

  get size(): number {
    return this.#nodeOf.size
  }

  on(node: string): readonly PodInfo[] {
    return this.#nodes.get(node) ?? nobody
  }

  /** To `node`; without one, to that which its status names, if any. */
  add(pod: PodInfo, node: string = nominatedNode(pod.pod)): void {
    this.remove(pod.uid)
    if (node === '') return
    this.#nodeOf.set(pod.uid, node)
    const there = this.#nodes.get(node)
    if (there) there.push(pod)
    else this.#nodes.set(node, [pod])
  }

  /** The pod's status is news: it goes before what is known here, unless neither old nor new status has a node. */
  update(pod: PodInfo, old: core.v1.Pod | undefined): void {
    const unsaid = nominatedNode(pod.pod) === '' && (old === undefined || nominatedNode(old) === '')
    const known = unsaid ? this.#nodeOf.get(pod.uid) : undefined
    this.add(pod, known)
  }

  remove(uid: string): void {
    const node = this.#nodeOf.get(uid)
    if (node === undefined) return
    this.#nodeOf.delete(uid)
    const left = (this.#nodes.get(node) ?? []).filter((pod) => pod.uid !== uid)
    if (left.length === 0) this.#nodes.delete(node)
    else this.#nodes.set(node, left)
  }
}
