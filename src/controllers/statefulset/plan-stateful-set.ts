import { isPodAvailable, isPodReady, isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { scaledValue } from '../../apimachinery/int-or-string.ts'
import { blocksPod, claimOwners, claimsFor } from './claims.ts'
import { revisionOf, withIdentity } from './identity.ts'
import { makePod, type VersionedTemplate } from './make-pod.ts'
import { isWanted, ordinalOf, replicasOf, startOrdinal, wantedOrdinals } from './ordinals.ts'

type Pod = core.v1.Pod

/** What is to be done, in this order. */
export type Step =
  /** With the claims that it is missing. */
  | { readonly type: 'create'; readonly pod: Pod }
  | { readonly type: 'delete'; readonly pod: Pod }
  /** To what its place wants. */
  | { readonly type: 'update'; readonly pod: Pod }
  /** Claims of a pod that waits for them. */
  | { readonly type: 'claims'; readonly pod: Pod }
  /** Owner references of a pod's claims. */
  | { readonly type: 'owners'; readonly pod: Pod }

export interface StatefulSetInput {
  readonly set: apps.v1.StatefulSet
  /** The set's own, in any state. */
  readonly pods: readonly Pod[]
  readonly claim: (name: string) => core.v1.PersistentVolumeClaim | undefined
  readonly current: VersionedTemplate
  readonly update: VersionedTemplate
  readonly nowMs: number
}

const isTerminating = (pod: Pod): boolean => pod.metadata?.deletionTimestamp !== undefined
const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && isPodReady(pod)

/** Which of the two revisions a missing pod is made of: those below the partition stay behind. */
function templateFor({ set, current, update }: StatefulSetInput, ordinal: number): VersionedTemplate {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  const start = startOrdinal(set)
  const stays =
    rollingUpdate === undefined
      ? type === 'RollingUpdate' && ordinal < start + (set.status?.currentReplicas ?? 0)
      : ordinal < start + (rollingUpdate.partition ?? 0)
  return stays ? current : update
}

/** The decision for one set, made step by step: in order, each step waits for what the one before brought about. */
class Planner {
  readonly steps: Step[] = []
  readonly #input: StatefulSetInput
  readonly #inOrder: boolean
  readonly #minReadySeconds: number

  constructor(input: StatefulSetInput) {
    this.#input = input
    this.#inOrder = input.set.spec?.podManagementPolicy !== 'Parallel'
    this.#minReadySeconds = input.set.spec?.minReadySeconds ?? 0
  }

  #isAvailable(pod: Pod): boolean {
    return isPodAvailable(pod, this.#minReadySeconds, this.#input.nowMs)
  }

  #isUnavailable(pod: Pod | undefined): boolean {
    return pod === undefined || isTerminating(pod) || !this.#isAvailable(pod)
  }

  plan(): readonly Step[] {
    const { set, pods } = this.#input
    const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod] as const))
    const replicas = wantedOrdinals(set).map((ordinal) => byOrdinal.get(ordinal))
    const condemned = pods
      .filter((pod) => !isWanted(set, ordinalOf(set, pod) ?? -1))
      .sort((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0))
    const everyReplica = replicas.every((pod, index) => this.#replica(pod, startOrdinal(set) + index))
    if (!everyReplica && this.#inOrder) return this.steps
    for (const pod of condemned) this.#owners(pod)
    const firstUnhealthy =
      replicas.find((pod) => this.#isUnavailable(pod)) ??
      condemned.findLast((pod) => this.#isUnavailable(pod))
    const everyCondemned = condemned.every((pod) => this.#condemned(pod, firstUnhealthy))
    const settled = everyReplica && everyCondemned
    if (!settled || set.spec?.updateStrategy?.type === 'OnDelete') return this.steps
    this.#rollingUpdate(replicas)
    return this.steps
  }

  /** Whether the next one may be looked at. Without an order all are. */
  #replica(pod: Pod | undefined, ordinal: number): boolean {
    const goOn = !this.#inOrder
    const { set, claim } = this.#input
    if (pod === undefined) {
      const made = makePod(set, ordinal, templateFor(this.#input, ordinal))
      const isBlocked = claimsFor(set, ordinal).some(({ metadata }) => {
        const present = claim(metadata?.name ?? '')
        return present !== undefined && blocksPod(set, present, made)
      })
      if (!isBlocked) this.steps.push({ type: 'create', pod: made })
      return goOn
    }
    if (isPodTerminal(pod)) {
      if (!isTerminating(pod)) this.steps.push({ type: 'delete', pod })
      return goOn
    }
    if (pod.status?.phase === 'Pending') this.#missingClaims(pod, ordinal)
    const isSettled = !isTerminating(pod) && isRunningAndReady(pod) && this.#isAvailable(pod)
    if (this.#inOrder && !isSettled) return false
    const fixed = withIdentity(set, pod)
    if (fixed !== undefined) this.steps.push({ type: 'update', pod: fixed })
    this.#owners(pod)
    return true
  }

  #missingClaims(pod: Pod, ordinal: number): void {
    const { set, claim } = this.#input
    const isMissing = claimsFor(set, ordinal).some(
      ({ metadata }) => claim(metadata?.name ?? '') === undefined,
    )
    if (isMissing) this.steps.push({ type: 'claims', pod })
  }

  #owners(pod: Pod): void {
    const { set, claim } = this.#input
    const ordinal = ordinalOf(set, pod)
    if (ordinal === undefined) return
    const isWrong = claimsFor(set, ordinal).some(({ metadata }) => {
      const present = claim(metadata?.name ?? '')
      return present !== undefined && claimOwners(set, present, pod) !== undefined
    })
    if (isWrong) this.steps.push({ type: 'owners', pod })
  }

  #condemned(pod: Pod, firstUnhealthy: Pod | undefined): boolean {
    if (isTerminating(pod)) return !this.#inOrder
    const isHealthy = isRunningAndReady(pod) && this.#isAvailable(pod)
    if (this.#inOrder && !isHealthy && pod !== firstUnhealthy) return false
    this.steps.push({ type: 'delete', pod })
    return !this.#inOrder
  }

  /** From the highest number down, as many at a time as may be away. */
  #rollingUpdate(replicas: readonly (Pod | undefined)[]): void {
    const { set, update } = this.#input
    const { partition = 0, maxUnavailable } = set.spec?.updateStrategy?.rollingUpdate ?? {}
    const outdated = (pod: Pod | undefined): pod is Pod =>
      pod !== undefined && revisionOf(pod) !== update.name && !isTerminating(pod)
    const targets = replicas.slice(partition).reverse()
    if (maxUnavailable === undefined) {
      const next = targets.find((pod) => outdated(pod) || this.#isUnavailable(pod))
      if (outdated(next)) this.steps.push({ type: 'delete', pod: next })
      return
    }
    const allowed = Math.max(scaledValue(maxUnavailable, replicasOf(set), false), 1)
    const room = allowed - replicas.filter((pod) => this.#isUnavailable(pod)).length
    for (const pod of targets.filter(outdated).slice(0, Math.max(room, 0)))
      this.steps.push({ type: 'delete', pod })
  }
}

/** What brings the set's pods and claims nearer to what it wants (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/). */
export function planStatefulSet(input: StatefulSetInput): readonly Step[] {
  if (input.set.metadata?.deletionTimestamp !== undefined) return []
  return new Planner(input).plan()
}
