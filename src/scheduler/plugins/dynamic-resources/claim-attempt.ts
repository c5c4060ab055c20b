import { matchesNodeSelector } from '../../../api/core/pod/node-affinity.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { isReservedFor } from '../../../api/resource/pod-claims.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { actions, ClusterEvent } from '../../cluster-event.ts'
import { normalizeScores, type PluginContext, type PreparedFilter, type Rejection } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { PodInfo } from '../../pod-info.ts'
import { allocationResult } from './allocation-result.ts'
import { InvalidPools } from './allocator.ts'
import { isHopeless, needsPreparation } from './binding-conditions.ts'
import type { ClaimTracker } from './claim-tracker.ts'
import type { ClaimWriter } from './claim-writer.ts'
import type { DeviceFinder } from './device-finder.ts'
import { alternativesScore } from './device-score.ts'
import type { DynamicResourcesArgs } from './dynamic-resources-args.ts'
import type { ExtendedClaim, NodeNeed } from './extended-claim.ts'
import type { NodeAllocatable } from './node-allocatable.ts'

type Claim = resource.v1.ResourceClaim
type Allocation = resource.v1.AllocationResult

export interface AttemptParts {
  readonly context: PluginContext
  readonly args: DynamicResourcesArgs
  readonly tracker: ClaimTracker
  readonly finder: DeviceFinder
  readonly writer: ClaimWriter
  /** Absent: devices take nothing of what the node has itself. */
  readonly nodeAllocatable: NodeAllocatable | undefined
  /** Resolves when the claims' devices are prepared. */
  readonly whenPrepared: (
    pod: core.v1.Pod,
    node: string,
    claims: readonly Claim[],
    signal: AbortSignal,
  ) => Promise<void>
}

const refuse = (reason: string): Rejection => ({ resolvable: false, reasons: [reason] })
const elsewhere = refuse('resourceclaim not available on the node')
const tooFew = refuse('cannot allocate all claims')

/** What was found on one node. */
interface NodeFind {
  readonly allocations: ReadonlyMap<Claim, Allocation>
  readonly need: NodeNeed | undefined
  /** The pod as it counts there; undefined: its devices take nothing of the node. */
  readonly counted: PodInfo | undefined
}

/** One attempt to place one pod with claims, from Filter to its end. */
export class ClaimAttempt {
  readonly uid: string
  readonly claims: readonly Claim[]
  readonly #pod: PodInfo
  readonly extended: ExtendedClaim | undefined
  /** Allocated ones that some node could not use. */
  readonly unavailable = new Set<Claim>()
  readonly #parts: AttemptParts
  readonly #unallocated: readonly Claim[]
  readonly #hopeless: readonly Claim[]
  readonly #byNode = new Map<string, NodeFind>()
  /** Whose write has failed: it may have been made all the same. */
  readonly #unsure = new Set<Claim>()
  /** By what they were: claims as they are since PreBind. */
  readonly #bound = new Map<Claim, Claim>()
  /** The extended resources' claim, once it is written. */
  #created: Claim | undefined

  constructor(
    parts: AttemptParts,
    pod: PodInfo,
    claims: readonly Claim[],
    extended: ExtendedClaim | undefined,
  ) {
    this.uid = pod.uid
    this.#pod = pod
    this.claims = claims
    this.extended = extended
    this.#parts = parts
    const nowMs = parts.context.host.now()
    this.#hopeless = claims.filter((claim) => isHopeless(claim, nowMs, parts.args.bindingTimeoutMs))
    this.#unallocated = claims.filter(({ status }) => status?.allocation === undefined)
  }

  get isEmpty(): boolean {
    return this.claims.length === 0 && this.extended === undefined
  }

  get points(): PreparedFilter {
    return {
      type: 'filter',
      filter: (node) => this.#filter(node),
      countedOn: (node) => this.#byNode.get(node)?.counted,
      preScore: () => {
        if (!this.claims.some(hasAlternatives)) return { type: 'skip' }
        return {
          type: 'score',
          score: ({ name }) => this.#score(name),
          normalize: (scores) => normalizeScores(scores, false),
        }
      },
      reserve: (_pod, node) => {
        for (const [claim, allocation] of this.#byNode.get(node)?.allocations ?? [])
          this.#parts.tracker.decide(claim.metadata?.uid ?? '', allocation)
        return undefined
      },
      unreserve: ({ pod }, node) => this.#unreserve(pod, node),
      preBind: ({ pod }, node, signal) => this.#preBind(pod, node, signal),
    }
  }

  #filter(info: NodeInfo): Rejection | undefined {
    const need = this.extended?.on(info)
    if (need !== undefined && 'reasons' in need) return need
    if (need === undefined && this.claims.length === 0) return undefined
    const away = this.claims.filter(({ status }) => {
      const nodes = status?.allocation?.nodeSelector
      return nodes !== undefined && !matchesNodeSelector(nodes, info.node)
    })
    away.push(...this.#hopeless)
    for (const claim of away) this.unavailable.add(claim)
    const shared = this.#refuseShared(info, away)
    if (shared !== undefined) return shared
    try {
      return this.#find(info, need) ?? (away.length > 0 ? elsewhere : undefined)
    } catch (error) {
      if (error instanceof InvalidPools) return refuse(error.message)
      throw error
    }
  }

  /** What allocated claims that are usable there take of the node may be another pod's. */
  #refuseShared(info: NodeInfo, away: readonly Claim[]): Rejection | undefined {
    const { nodeAllocatable } = this.#parts
    if (nodeAllocatable === undefined) return undefined
    for (const claim of this.claims) {
      if (claim.status?.allocation === undefined || away.includes(claim)) continue
      const refusal = nodeAllocatable.refuseShared(this.#pod.pod, info, claim)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  #find(info: NodeInfo, need: NodeNeed | undefined): Rejection | undefined {
    const { name, node } = info
    const { finder, args, nodeAllocatable } = this.#parts
    const wanted = need === undefined ? this.#unallocated : [...this.#unallocated, need.claim]
    if (wanted.length === 0) return undefined
    const found = finder.search(node, args.filterTimeoutMs).allocate(wanted)
    if (found === undefined) return tooFew
    const allocations = new Map(
      wanted.map((claim, place): [Claim, Allocation] => [
        claim,
        allocationResult(claim, found[place] ?? { devices: [], chosen: [] }, name),
      ]),
    )
    const counted = nodeAllocatable?.countedOn(info, this.#pod, allocations)
    if (counted !== undefined && 'reasons' in counted) return counted
    this.#byNode.set(name, { allocations, need, counted })
    return undefined
  }

  #score(node: string): number {
    const allocations = this.#byNode.get(node)?.allocations
    return this.claims.reduce(
      (sum, claim) => sum + alternativesScore(claim, claim.status?.allocation ?? allocations?.get(claim)),
      0,
    )
  }

  async #preBind(pod: core.v1.Pod, node: string, signal: AbortSignal): Promise<void> {
    const { writer, whenPrepared } = this.#parts
    const find = this.#byNode.get(node)
    for (const claim of this.claims) {
      if (isReservedFor(claim, pod)) continue
      this.#unsure.add(claim)
      this.#bound.set(claim, await writer.bind(claim, pod, find?.allocations.get(claim)))
      this.#unsure.delete(claim)
    }
    const now = this.claims.map((claim) => this.#bound.get(claim) ?? claim)
    if (find?.counted !== undefined) await writer.tellTaken(pod, takenBy(find.counted))
    if (find?.need !== undefined) now.push(await this.#bindExtended(pod, find.need, find.allocations))
    if (now.some(needsPreparation)) await whenPrepared(pod, node, now, signal)
  }

  async #bindExtended(
    pod: core.v1.Pod,
    { claim, mappings }: NodeNeed,
    allocations: NodeFind['allocations'],
  ): Promise<Claim> {
    const { tracker, writer } = this.#parts
    const created = await writer.create(claim)
    this.#created = created
    tracker.rename(claim.metadata?.uid ?? '', created.metadata?.uid ?? '')
    this.#created = await writer.bind(created, pod, allocations.get(claim))
    await writer.tellPod(pod, this.#created, mappings)
    return this.#created
  }

  #unreserve(pod: core.v1.Pod, node: string): void {
    const { tracker, writer } = this.#parts
    for (const claim of this.#unallocated)
      if (this.#unsure.has(claim))
        this.#later(claim, 'it is not known whether a claim has got its devices', this.#takeBack(claim, node))
      else if (!this.#bound.has(claim)) tracker.takeBack(claim)
    for (const claim of this.#bound.values())
      this.#later(
        claim,
        'a claim is still reserved for a pod that was not bound',
        writer.unreserve(claim, pod),
      )
    this.#bound.clear()
    const find = this.#byNode.get(node)
    if (find?.counted !== undefined)
      this.#later(pod, 'a pod that was not bound says what its devices take', writer.tellTaken(pod, null))
    const inMemory = find?.need?.claim
    if (inMemory !== undefined) tracker.takeBack(inMemory)
    if (this.#created === undefined) return
    tracker.takeBack(this.#created)
    this.#later(
      this.#created,
      'the claim of a pod that was not bound is still there',
      writer.remove(this.#created),
    )
    this.#created = undefined
  }

  /** What was written counts until the cache shows it: its devices would be given out twice. */
  async #takeBack(claim: Claim, node: string): Promise<void> {
    const { context, tracker, writer } = this.#parts
    let written = false
    try {
      written = await writer.isAllocated(claim)
    } finally {
      if (!written) {
        tracker.takeBack(claim)
        const allocation = this.#byNode.get(node)?.allocations.get(claim)
        const old = allocation === undefined ? claim : { ...claim, status: { ...claim.status, allocation } }
        context.requeue(new ClusterEvent({ kind: ResourceClaim, action: actions.update, object: claim, old }))
      }
    }
  }

  #later(object: Claim | core.v1.Pod, warning: string, work: Promise<void>): void {
    const { host, logger } = this.#parts.context
    const key = `${object.metadata?.namespace}/${object.metadata?.name}`
    void host.track(work.catch((error: unknown) => logger.warn(warning, { object: key, error })))
  }
}

const takenBy = ({ pod }: PodInfo) => pod.status?.nodeAllocatableResourceClaimStatuses ?? []

const hasAlternatives = ({ spec }: Claim): boolean =>
  spec.devices?.requests?.some(({ firstAvailable }) => firstAvailable !== undefined) === true
