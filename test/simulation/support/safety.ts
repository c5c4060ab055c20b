import type { apps, core } from '../../../src/cluster/index.ts'
import { revisionOf, type Seen } from './history.ts'

const isFinal = (pod: core.v1.Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

const uidOf = (object: { readonly metadata?: { readonly uid?: string } }): string =>
  object.metadata?.uid ?? ''

const ownerOf = (pod: core.v1.Pod): string =>
  pod.metadata?.ownerReferences?.find((owner) => owner.controller)?.uid ?? ''

/** What must hold after every write, whatever fails. Looks at each change as it comes, and keeps what is broken. */
export class Safety {
  readonly broken: string[] = []
  readonly #revisions = new Map<string, number>()
  readonly #pods = new Map<string, core.v1.Pod>()
  readonly #gone = new Set<string>()
  /** The most pods that each ReplicaSet has ever asked for. */
  readonly #wanted = new Map<string, number>()

  look({ kind, event }: Seen): void {
    const { object, type } = event
    const known = this.#revisions.get(kind.resource) ?? 0
    if (type !== 'ADDED' && revisionOf(object) <= known)
      this.#say(`${kind.resource} ${object.metadata?.name}: revision ${revisionOf(object)} after ${known}`)
    this.#revisions.set(kind.resource, Math.max(known, revisionOf(object)))
    if (this.#gone.has(uidOf(object))) this.#say(`${kind.resource} ${object.metadata?.name} came back`)
    if (type === 'DELETED') this.#gone.add(uidOf(object))
    if (kind.kind === 'ReplicaSet') this.#replicaSet(object)
    if (kind.kind === 'Pod') this.#pod(object, type === 'DELETED')
  }

  #replicaSet(set: apps.v1.ReplicaSet): void {
    const wanted = Math.max(this.#wanted.get(uidOf(set)) ?? 0, set.spec?.replicas ?? 0)
    this.#wanted.set(uidOf(set), wanted)
  }

  #pod(pod: core.v1.Pod, isDeleted: boolean): void {
    const name = pod.metadata?.name ?? ''
    const old = this.#pods.get(uidOf(pod))
    if (old?.spec?.nodeName !== undefined && old.spec.nodeName !== pod.spec?.nodeName)
      this.#say(`pod ${name} moved from ${old.spec.nodeName} to ${pod.spec?.nodeName}`)
    if (old !== undefined && isFinal(old) && old.status?.phase !== pod.status?.phase)
      this.#say(`pod ${name} was ${old.status?.phase} and is ${pod.status?.phase}`)
    if (old?.metadata?.deletionTimestamp !== undefined && pod.metadata?.deletionTimestamp === undefined)
      this.#say(`pod ${name} is no longer being deleted`)
    if (isDeleted) this.#pods.delete(uidOf(pod))
    else this.#pods.set(uidOf(pod), pod)
    this.#addresses(pod)
    this.#owner(pod)
  }

  #addresses(pod: core.v1.Pod): void {
    const address = pod.status?.podIP
    if (address === undefined || isFinal(pod)) return
    const others = [...this.#pods.values()].filter(
      (other) => uidOf(other) !== uidOf(pod) && other.status?.podIP === address && !isFinal(other),
    )
    if (others.length > 0)
      this.#say(`pods ${pod.metadata?.name} and ${others[0]?.metadata?.name} are ${address}`)
  }

  /** A ReplicaSet never has more pods at work than it ever asked for: it does not create what its cache just lacks. */
  #owner(pod: core.v1.Pod): void {
    const wanted = this.#wanted.get(ownerOf(pod))
    if (wanted === undefined) return
    const active = [...this.#pods.values()].filter(
      (each) =>
        ownerOf(each) === ownerOf(pod) && !isFinal(each) && each.metadata?.deletionTimestamp === undefined,
    )
    if (active.length > wanted)
      this.#say(`${active.length} pods like ${pod.metadata?.name}, never wanted over ${wanted}`)
  }

  #say(what: string): void {
    this.broken.push(what)
  }
}
