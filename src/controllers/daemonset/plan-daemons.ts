import { isPodAvailable, isPodReady, isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { scaledValue } from '../../apimachinery/int-or-string.ts'
import { hashOf, targetNode } from './daemon-pod.ts'
import { nodeFit } from './node-fit.ts'

type Pod = core.v1.Pod

export interface DaemonInput {
  readonly set: apps.v1.DaemonSet
  readonly nodes: readonly core.v1.Node[]
  /** The set's own. */
  readonly pods: readonly Pod[]
  /** Of the template as it is. */
  readonly hash: string
  readonly nowMs: number
}

export interface DaemonPlan {
  /** Names of nodes. */
  readonly create: readonly string[]
  readonly remove: readonly Pod[]
  /** Of those to be removed: they have ended, which is to be told. */
  readonly ended: readonly Pod[]
}

const isTerminating = ({ metadata }: Pod): boolean => metadata?.deletionTimestamp !== undefined

const order = (a: Pod, b: Pod): number => {
  const assigned = Number((b.spec?.nodeName ?? '') !== '') - Number((a.spec?.nodeName ?? '') !== '')
  if (assigned !== 0) return assigned
  const [left, right] = [a.metadata?.creationTimestamp ?? '', b.metadata?.creationTimestamp ?? '']
  if (left !== right) return left < right ? -1 : 1
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1
}

/** Pods by the node that they are for, the oldest first. What is deleted and has ended counts no more. */
export function podsByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const found = new Map<string, Pod[]>()
  for (const pod of pods.toSorted(order)) {
    const node = targetNode(pod)
    if (node === undefined || (isTerminating(pod) && isPodTerminal(pod))) continue
    const known = found.get(node)
    if (known === undefined) found.set(node, [pod])
    else known.push(pod)
  }
  return found
}

function strategyOf({ spec }: apps.v1.DaemonSet, total: number) {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {}
  if (type !== 'RollingUpdate') return { rolls: false, maxSurge: 0, maxUnavailable: 0 }
  const { maxSurge = 0, maxUnavailable = 1 } = rollingUpdate ?? {}
  return {
    rolls: true,
    maxSurge: scaledValue(maxSurge, total, true),
    maxUnavailable: scaledValue(maxUnavailable, total, true),
  }
}

interface Pair {
  /** Of the template as it is. */
  readonly fresh: Pod | undefined
  readonly old: Pod | undefined
}

/** A node's pods when there are at most one of each; undefined where more are to be cleaned up first. */
function pairOf(pods: readonly Pod[], hash: string): Pair | undefined {
  let fresh: Pod | undefined
  let old: Pod | undefined
  for (const pod of pods) {
    if (isTerminating(pod)) continue
    if (hashOf(pod) === hash) {
      if (fresh !== undefined) return undefined
      fresh = pod
    } else {
      if (old !== undefined) return undefined
      old = pod
    }
  }
  return { fresh, old }
}

class Planner {
  readonly create: string[] = []
  readonly remove: Pod[] = []
  readonly ended: Pod[] = []
  readonly #input: DaemonInput
  readonly #byNode: ReadonlyMap<string, readonly Pod[]>
  readonly #surges: boolean

  constructor(input: DaemonInput) {
    this.#input = input
    this.#byNode = podsByNode(input.pods)
    this.#surges = strategyOf(input.set, 1).maxSurge > 0
  }

  #isAvailable(pod: Pod): boolean {
    return isPodAvailable(pod, this.#input.set.spec?.minReadySeconds ?? 0, this.#input.nowMs)
  }

  /** One pod for each node that is to have one, none elsewhere. */
  manage(): void {
    const { set, nodes } = this.#input
    const names = new Set<string>()
    for (const node of nodes) {
      const name = node.metadata?.name ?? ''
      names.add(name)
      const pods = this.#byNode.get(name) ?? []
      const { shouldRun, mayStay } = nodeFit(set, node)
      if (pods.length === 0) {
        if (shouldRun) this.create.push(name)
      } else if (mayStay) this.#tidy(name, pods, shouldRun)
      else this.remove.push(...pods.filter((pod) => !isTerminating(pod)))
    }
    for (const [name, pods] of this.#byNode) {
      // Nobody else removes what waits for a node that is gone.
      if (!names.has(name)) this.remove.push(...pods.filter(({ spec }) => (spec?.nodeName ?? '') === ''))
    }
  }

  #tidy(node: string, pods: readonly Pod[], shouldRun: boolean): void {
    const staying = pods.filter((pod) => !isTerminating(pod))
    const ended = staying.filter(isPodTerminal)
    this.ended.push(...ended)
    this.remove.push(...ended)
    const running = staying.filter((pod) => !isPodTerminal(pod))
    if (!this.#surges) {
      this.remove.push(...running.slice(1))
      return
    }
    if (running.length === 0 && ended.length === 0 && shouldRun) this.create.push(node)
    if (running.length > 1) this.#tidySurge(running)
  }

  /** Two may stay: an old one that is ready, and the fresh one until it is available. */
  #tidySurge(running: readonly Pod[]): void {
    const { hash } = this.#input
    const fresh = running.find((pod) => hashOf(pod) === hash)
    const old = running.find((pod) => hashOf(pod) !== hash)
    this.remove.push(...running.filter((pod) => pod !== fresh && pod !== old))
    if (fresh === undefined || old === undefined) return
    if (!isPodReady(old) || this.#isAvailable(fresh)) this.remove.push(old)
  }

  update(): void {
    const { set, nodes } = this.#input
    const wanted = nodes.filter((node) => nodeFit(set, node).shouldRun)
    const { rolls, maxSurge, maxUnavailable } = strategyOf(set, wanted.length)
    if (!rolls) return
    if (maxSurge === 0) this.#replace(maxUnavailable)
    else this.#surge(maxSurge, wanted)
  }

  /** Old pods go first; the next look makes the new ones. */
  #replace(maxUnavailable: number): void {
    let unavailable = 0
    const candidates: Pod[] = []
    for (const pods of this.#byNode.values()) {
      const pair = pairOf(pods, this.#input.hash)
      const { fresh, old } = pair ?? {}
      if ((fresh === undefined) === (old === undefined)) unavailable++
      else if (fresh !== undefined) unavailable += this.#isAvailable(fresh) ? 0 : 1
      else if (old !== undefined) {
        if (this.#isAvailable(old)) candidates.push(old)
        else {
          this.remove.push(old)
          unavailable++
        }
      }
    }
    this.remove.push(...candidates.slice(0, Math.max(maxUnavailable - unavailable, 0)))
  }

  /** New pods come first; old ones go once they are available. */
  #surge(maxSurge: number, wanted: readonly core.v1.Node[]): void {
    const isWanted = new Set(wanted.map(({ metadata }) => metadata?.name ?? ''))
    let surging = 0
    let available = 0
    const candidates: string[] = []
    const misplaced: Pod[] = []
    for (const [node, pods] of this.#byNode) {
      const pair = pairOf(pods, this.#input.hash)
      if (pair === undefined) {
        surging++
        continue
      }
      const { fresh, old } = pair
      const counted = old ?? fresh
      if (counted !== undefined && this.#isAvailable(counted)) available++
      if (old === undefined) continue
      if (fresh !== undefined) {
        if (this.#isAvailable(fresh)) this.remove.push(old)
        else surging++
      } else if (this.#isAvailable(old)) {
        if (isWanted.has(node)) candidates.push(node)
        else misplaced.push(old)
      } else if (isWanted.has(node)) this.create.push(node)
      else this.remove.push(old)
    }
    this.create.push(...candidates.slice(0, Math.max(maxSurge - surging, 0)))
    this.remove.push(...misplaced.slice(0, Math.max(available - wanted.length, 0)))
  }

  plan(): DaemonPlan {
    this.manage()
    // An update goes on only from a state in which every node has what it should.
    if (this.create.length === 0 && this.remove.length === 0) this.update()
    return { create: [...new Set(this.create)], remove: [...new Set(this.remove)], ended: this.ended }
  }
}

/** What brings each node of the set the pod that it is to have, at the pace of its update strategy. */
export const planDaemons = (input: DaemonInput): DaemonPlan => new Planner(input).plan()
