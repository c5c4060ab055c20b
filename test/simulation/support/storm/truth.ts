import type { policy } from '../../../../src/api/generated/types/index.ts'
import type { KubernetesObject } from '../../../../src/apimachinery/meta.ts'
import type { apps, batch, core } from '../../../../src/cluster/index.ts'
import { revisionOf, type Seen } from '../history.ts'
import { isReady } from '../workloads.ts'

interface Known {
  readonly kind: string
  object: KubernetesObject
  readonly sinceMs: number
  deletedAt: number | undefined
  deletedMs: number
}

/** Longer than any cache is behind. */
const knownToAllMs = 40_000

const isFinal = (pod: core.v1.Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

/** Not on its way out, and not ended. */
export const isActive = (pod: core.v1.Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined && !isFinal(pod)

const ownerOf = (object: KubernetesObject): string =>
  object.metadata?.ownerReferences?.find(({ controller }) => controller)?.uid ?? ''

const uidOf = ({ metadata }: KubernetesObject): string => metadata?.uid ?? ''

const targetOf = ({ spec }: core.v1.Pod): string =>
  spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.[0]
    ?.matchFields?.[0]?.values?.[0] ?? ''

/** How many pods a set asks for. */
const sizeOf = ({ spec }: apps.v1.ReplicaSet): number => spec?.replicas ?? 1

/** `maxSurge` of a Deployment, as a number of pods. */
function surgeOf({ spec }: apps.v1.Deployment): number {
  const surge = spec?.strategy?.rollingUpdate?.maxSurge ?? 0
  if (spec?.strategy?.type === 'Recreate') return 0
  if (typeof surge === 'number') return surge
  return Math.ceil(((spec?.replicas ?? 1) * Number.parseFloat(surge)) / 100)
}

/**
 * What the API server's own history says, and the promises that hold in it after every single write, whatever fails.
 * Looks at each change as it comes, and keeps what is broken.
 */
export class Truth {
  readonly broken: string[] = []
  readonly #now: () => number
  readonly #known = new Map<string, Known>()
  readonly #revisions = new Map<string, number>()
  /** The most pods that each owner has ever asked for. */
  readonly #wanted = new Map<string, number>()
  /** Creates of which the creator never heard, by owner: it may have made one more for each. */
  readonly #unheard = new Map<string, number>()
  /** How large sets became by a write that nobody alive has heard of, by name, and how large they were. */
  readonly #unheardSizes = new Map<string, { readonly size: number; readonly before: number }>()
  readonly #foreground = new Set<string>()
  readonly #active = new Map<string, core.v1.Pod>()
  /** Pods that have been ready. */
  readonly #onceReady = new Set<string>()
  /** Pods that were evicted when they were not ready, by workload, as long as its budget counts them among the healthy. */
  readonly #unseenLosses = new Map<string, number>()

  /** `now` is the simulation's clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Its owner may make one more. */
  unheardCreate(object: KubernetesObject): void {
    const owner = ownerOf(object)
    this.#unheard.set(owner, this.#unheardOf(owner) + 1)
    const { metadata, spec }: apps.v1.ReplicaSet = object
    const size = spec?.replicas
    if (size !== undefined) this.#unheardSizes.set(metadata?.name ?? '', { size, before: 0 })
  }

  /**
   * What a dead process has sent arrives after others have acted. It fits where nobody has written the very object since,
   * and says nothing of its siblings: a set may grow that a living process has just counted as small. Upstream has no
   * fence there either; who looks next mends it.
   */
  unheardUpdate(object: KubernetesObject): void {
    const known = this.#known.get(uidOf(object))
    if (known?.kind !== 'ReplicaSet' || revisionOf(object) < revisionOf(known.object)) return
    const [sent, before] = [sizeOf(object), sizeOf(known.object)]
    if (sent > before) this.#unheardSizes.set(object.metadata?.name ?? '', { size: sent, before })
  }

  look({ kind, event }: Seen): void {
    const { object, type } = event
    const id = uidOf(object)
    const name = `${kind.kind} ${object.metadata?.name}`
    const last = this.#revisions.get(kind.resource) ?? 0
    const before = this.#known.get(id)
    if (type !== 'ADDED' && revisionOf(object) <= last)
      this.#say(`${name}: revision ${revisionOf(object)} after ${last}`)
    if (before?.deletedAt !== undefined) this.#say(`${name} came back`)
    this.#revisions.set(kind.resource, Math.max(last, revisionOf(object)))
    const deletedAt = type === 'DELETED' ? revisionOf(object) : undefined
    const nowMs = this.#now()
    const sinceMs = before?.sinceMs ?? nowMs
    this.#known.set(id, { kind: kind.kind, object, sinceMs, deletedAt, deletedMs: nowMs })
    if (kind.kind === 'Pod') {
      if (deletedAt === undefined && isActive(object)) this.#active.set(id, object)
      else this.#active.delete(id)
    }
    const { deletionTimestamp, finalizers = [] } = object.metadata ?? {}
    if (deletionTimestamp !== undefined && finalizers.includes('foregroundDeletion')) this.#foreground.add(id)
    if (kind.kind === 'ReplicaSet' || kind.kind === 'StatefulSet') {
      const set: apps.v1.ReplicaSet = object
      this.#want(id, sizeOf(set))
      if (this.#unheardSizes.get(set.metadata?.name ?? '')?.size !== sizeOf(set))
        this.#unheardSizes.delete(set.metadata?.name ?? '')
      this.#sets(set)
    }
    if (kind.kind === 'Job') this.#job(object)
    if (kind.kind === 'Deployment') {
      const deployment: apps.v1.Deployment = object
      this.#want(id, (deployment.spec?.replicas ?? 1) + surgeOf(deployment))
    }
    if (kind.kind === 'Pod') this.#pod(object, before?.object)
    if (kind.kind === 'PodDisruptionBudget') this.#budget(object)
  }

  /** How many pods of a workload are not on their way out and have been ready. */
  onceReady(app: string): number {
    const pods = [...this.#active.values()].filter((pod) => pod.metadata?.labels?.app === app)
    return pods.filter((pod) => this.#onceReady.has(uidOf(pod))).length
  }

  /**
   * A pod that has been ready and is not was evicted. It was missing already, so no budget is charged; but a status that
   * nobody has brought up to date since it was ready goes on counting it, and may grant what it would not grant if it knew.
   */
  lostUnready(app: string): void {
    this.#unseenLosses.set(app, this.unseenLosses(app) + 1)
  }

  /** Of those that a workload's budget may still believe to be there. */
  unseenLosses(app: string): number {
    return this.#unseenLosses.get(app) ?? 0
  }

  wasOnceReady(pod: core.v1.Pod): boolean {
    return this.#onceReady.has(uidOf(pod))
  }

  #budget({ spec, status }: policy.v1.PodDisruptionBudget): void {
    const app = spec?.selector?.matchLabels?.app ?? ''
    if ((status?.currentHealthy ?? 0) <= this.onceReady(app)) this.#unseenLosses.delete(app)
  }

  /** When everything that was written has been seen: what only shows in several kinds together. */
  settle(): void {
    for (const id of this.#foreground) {
      const owner = this.#known.get(id)
      if (owner?.deletedAt === undefined) continue
      this.#foreground.delete(id)
      const { deletedAt, deletedMs } = owner
      for (const { kind, object, sinceMs, deletedAt: gone } of this.#known.values()) {
        const blocks = object.metadata?.ownerReferences?.some(
          (reference) => reference.uid === id && reference.blockOwnerDeletion === true,
        )
        // The garbage collector, as upstream's, goes by what it has seen: it may not have seen what was just made.
        const isKnown = deletedMs - sinceMs >= knownToAllMs
        if (blocks && isKnown && (gone === undefined || gone > deletedAt))
          this.#say(`${kind} ${object.metadata?.name} outlived its owner, whose finalizer was to see to it`)
      }
    }
  }

  #want(id: string, count: number): void {
    this.#wanted.set(id, Math.max(this.#wanted.get(id) ?? 0, count))
  }

  #job(job: batch.v1.Job): void {
    this.#want(uidOf(job), job.spec?.parallelism ?? 1)
    const { completions = 1 } = job.spec ?? {}
    const { succeeded = 0 } = job.status ?? {}
    if (succeeded > completions && this.#unheardOf(uidOf(job)) === 0)
      this.#say(`Job ${job.metadata?.name} has ${succeeded} successes of ${completions}`)
  }

  #pod(pod: core.v1.Pod, old: core.v1.Pod | undefined): void {
    const name = pod.metadata?.name ?? ''
    if (isReady(pod)) this.#onceReady.add(uidOf(pod))
    if (old?.spec?.nodeName !== undefined && old.spec.nodeName !== pod.spec?.nodeName)
      this.#say(`pod ${name} moved from ${old.spec.nodeName} to ${pod.spec?.nodeName}`)
    if (old !== undefined && isFinal(old) && old.status?.phase !== pod.status?.phase)
      this.#say(`pod ${name} was ${old.status?.phase} and is ${pod.status?.phase}`)
    if (old?.metadata?.deletionTimestamp !== undefined && pod.metadata?.deletionTimestamp === undefined)
      this.#say(`pod ${name} is no longer being deleted`)
    if (isActive(pod)) {
      this.#count(pod)
      this.#onePerNode(pod)
    }
  }

  /** A DaemonSet has one pod for a node, which its affinity names. */
  #onePerNode(pod: core.v1.Pod): void {
    const owner = ownerOf(pod)
    if (this.#known.get(owner)?.kind !== 'DaemonSet') return
    const target = targetOf(pod)
    const same = [...this.#active.values()].filter(
      (each) => ownerOf(each) === owner && targetOf(each) === target,
    )
    if (same.length > 1 + this.#unheardOf(owner))
      this.#say(`${same.length} pods of one DaemonSet are for ${target}`)
  }

  /** Nobody makes what its cache just lacks: a set has no more pods at work than it ever asked for. */
  #count(pod: core.v1.Pod): void {
    const owner = ownerOf(pod)
    const wanted = this.#wanted.get(owner)
    if (wanted === undefined) return
    const pods = [...this.#active.values()].filter((each) => ownerOf(each) === owner)
    if (pods.length <= wanted + this.#unheardOf(owner)) return
    const { kind, object } = this.#known.get(owner) ?? {}
    this.#say(`${kind} ${object?.metadata?.name} has ${pods.length} pods, and never asked for over ${wanted}`)
  }

  /**
   * A Deployment's sets together never ask for more than replicas + maxSurge, but for what nobody alive has heard of.
   * (Pods may be more for a moment: those that were being made when their set was told to have fewer.)
   */
  #sets(set: apps.v1.ReplicaSet): void {
    const owner = ownerOf(set)
    const wanted = this.#wanted.get(owner)
    if (wanted === undefined) return
    let asked = 0
    for (const { kind, object, deletedAt } of this.#known.values()) {
      if (kind !== 'ReplicaSet' || deletedAt !== undefined || ownerOf(object) !== owner) continue
      asked += this.#unheardSizes.get(object.metadata?.name ?? '')?.before ?? sizeOf(object)
    }
    const name = this.#known.get(owner)?.object.metadata?.name
    if (asked > wanted)
      this.#say(`the sets of ${name} ask for ${asked} pods, which was never to have over ${wanted}`)
  }

  #unheardOf(owner: string): number {
    return this.#unheard.get(owner) ?? 0
  }

  #say(what: string): void {
    this.broken.push(what)
  }
}
