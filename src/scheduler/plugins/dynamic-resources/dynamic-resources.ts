import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { matchesNodeSelector } from '../../../api/core/pod/node-affinity.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { canBeReserved, isReservedFor } from '../../../api/resource/pod-claims.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { ChangeWaiter } from '../../change-waiter.ts'
import { actions, type EventRegistration, onEvent } from '../../cluster-event.ts'
import {
  normalizeScores,
  type Plugin,
  type PluginContext,
  type PreparedFilter,
  type Rejection,
} from '../../framework.ts'
import { allocationResult } from './allocation-result.ts'
import { type Allocator, InvalidPools } from './allocator.ts'
import { isHopeless, isOverdue, isPrepared, needsPreparation } from './binding-conditions.ts'
import { ClaimTracker } from './claim-tracker.ts'
import { ClaimWriter } from './claim-writer.ts'
import { DeviceFinder } from './device-finder.ts'
import { alternativesScore } from './device-score.ts'
import { claimsOfPod } from './pod-claims.ts'
import { claimKey, fullName, requestsOf } from './requests.ts'

type Claim = resource.v1.ResourceClaim
type Allocation = resource.v1.AllocationResult

const refuse = (reason: string): Rejection => ({ resolvable: false, reasons: [reason] })
const elsewhere = refuse('resourceclaim not available on the node')
const tooFew = refuse('cannot allocate all claims')

/** What one attempt knows: PostFilter looks at it after no node was found. */
interface Attempt {
  readonly uid: string
  readonly claims: readonly Claim[]
  /** Allocated ones that some node could not use. */
  readonly unavailable: Set<Claim>
}

export interface DynamicResourcesArgs {
  /** How long PreBind waits for devices that somebody prepares. */
  readonly bindingTimeoutSeconds?: number
}

class DynamicResources implements Plugin {
  readonly name = 'DynamicResources'
  readonly events: readonly EventRegistration[]
  readonly #context: PluginContext
  readonly #tracker: ClaimTracker
  readonly #finder: DeviceFinder
  readonly #writer: ClaimWriter
  readonly #waiter: ChangeWaiter
  readonly #timeoutMs: number
  #attempt: Attempt | undefined

  constructor(context: PluginContext, { bindingTimeoutSeconds = 600 }: DynamicResourcesArgs) {
    this.#context = context
    this.#timeoutMs = bindingTimeoutSeconds * 1_000
    this.#waiter = new ChangeWaiter(context.host)
    this.#tracker = new ClaimTracker(context.informers, this.#waiter.wake)
    this.#finder = new DeviceFinder(context, this.#tracker)
    this.#writer = new ClaimWriter(context)
    this.events = eventsFor((pod) => this.#claimsOf(pod))
  }

  readonly preEnqueue = ({ pod }: { readonly pod: core.v1.Pod }): Rejection | undefined => {
    const claims = this.#claimsOf(pod)
    return typeof claims === 'string' ? refuse(claims) : undefined
  }

  readonly preFilter: NonNullable<Plugin['preFilter']> = ({ pod, uid }) => {
    const claims = this.#claimsOf(pod)
    if (typeof claims === 'string') return { type: 'reject', rejection: refuse(claims) }
    const attempt = { uid, claims, unavailable: new Set<Claim>() }
    this.#attempt = attempt
    if (claims.length === 0) return { type: 'skip' }
    for (const claim of claims) {
      const refusal = this.#refuseClaim(pod, claim)
      if (refusal !== undefined) return { type: 'reject', rejection: refuse(refusal) }
    }
    return this.#prepare(attempt)
  }

  readonly postFilter: NonNullable<Plugin['postFilter']> = async ({ pod }) => {
    const say = (message: string) => ({ type: 'unschedulable', message, forget: false }) as const
    const attempt = this.#attempt
    if (attempt === undefined || attempt.uid !== pod.uid || attempt.claims.length === 0)
      return say('no new claims to deallocate')
    for (const claim of attempt.unavailable) {
      const users = claim.status?.reservedFor ?? []
      if (users.length > 1 || (users.length === 1 && !isReservedFor(claim, pod.pod))) continue
      await this.#writer.deallocate(claim)
      return say('deallocation of ResourceClaim completed')
    }
    return say('still not schedulable')
  }

  #claimsOf(pod: core.v1.Pod): readonly Claim[] | string {
    return claimsOfPod(pod, (namespace, name) => this.#tracker.lister.get(namespace, name))
  }

  /** Why the pod cannot use, or get, the claim at all. */
  #refuseClaim(pod: core.v1.Pod, claim: Claim): string | undefined {
    if (claim.status?.allocation !== undefined)
      return canBeReserved(claim) || isReservedFor(claim, pod) ? undefined : 'resourceclaim in use'
    if (this.#tracker.isPending(claim.metadata?.uid ?? ''))
      return `resource claim ${claimKey(claim)} is in the process of being allocated`
    for (const [place, alternatives] of requestsOf(claim).entries()) {
      const { name } = claim.spec.devices?.requests?.[place] ?? {}
      if (alternatives.length === 0)
        return `resource claim ${claimKey(claim)}, request ${name}: unknown request type`
      for (const one of alternatives)
        if (this.#finder.classOf(one.deviceClassName) === undefined)
          return `request ${fullName(one)}: device class ${one.deviceClassName} does not exist`
    }
    return undefined
  }

  /** The points of one pod's attempt. */
  #prepare({ claims, unavailable }: Attempt): PreparedFilter {
    const nowMs = this.#context.host.now()
    const hopeless = claims.filter((claim) => isHopeless(claim, nowMs, this.#timeoutMs))
    const unallocated = claims.filter(({ status }) => status?.allocation === undefined)
    const byNode = new Map<string, readonly Allocation[]>()
    const bound = new Map<Claim, Claim>()
    const find = (search: Allocator, node: string): Rejection | undefined => {
      const found = search.allocate(unallocated)
      if (found === undefined) return tooFew
      byNode.set(
        node,
        unallocated.map((claim, place) =>
          allocationResult(claim, found[place] ?? { devices: [], chosen: [] }, node),
        ),
      )
      return undefined
    }
    const allocationsOn = (node: string): ReadonlyMap<Claim, Allocation> =>
      new Map(
        (byNode.get(node) ?? []).flatMap((one, place) =>
          unallocated[place] ? [[unallocated[place], one]] : [],
        ),
      )
    return {
      type: 'filter',
      filter: ({ name, node }) => {
        const away = claims.filter(({ status }) => {
          const nodes = status?.allocation?.nodeSelector
          return nodes !== undefined && !matchesNodeSelector(nodes, node)
        })
        away.push(...hopeless)
        for (const claim of away) unavailable.add(claim)
        try {
          const refusal = unallocated.length === 0 ? undefined : find(this.#finder.search(node), name)
          return refusal ?? (away.length > 0 ? elsewhere : undefined)
        } catch (error) {
          if (error instanceof InvalidPools) return refuse(error.message)
          throw error
        }
      },
      preScore: () => {
        if (!claims.some(({ spec }) => spec.devices?.requests?.some(({ firstAvailable }) => firstAvailable)))
          return { type: 'skip' }
        return {
          type: 'score',
          score: ({ name }) => {
            const allocations = allocationsOn(name)
            return claims.reduce(
              (sum, claim) =>
                sum + alternativesScore(claim, claim.status?.allocation ?? allocations.get(claim)),
              0,
            )
          },
          normalize: (scores) => normalizeScores(scores, false),
        }
      },
      reserve: (_pod, node) => {
        for (const [claim, allocation] of allocationsOn(node))
          this.#tracker.decide(claim.metadata?.uid ?? '', allocation)
        return undefined
      },
      unreserve: ({ pod }) => {
        for (const claim of unallocated) if (!bound.has(claim)) this.#tracker.takeBack(claim)
        for (const claim of bound.values()) this.#unreserve(claim, pod)
        bound.clear()
      },
      preBind: async ({ pod }, node, signal) => {
        const allocations = allocationsOn(node)
        for (const claim of claims)
          if (!isReservedFor(claim, pod))
            bound.set(claim, await this.#writer.bind(claim, pod, allocations.get(claim)))
        const now = claims.map((claim) => bound.get(claim) ?? claim)
        if (now.some(needsPreparation)) await this.#whenPrepared(now, signal)
      },
    }
  }

  async #whenPrepared(claims: readonly Claim[], signal: AbortSignal): Promise<void> {
    const isReady = ({ metadata }: Claim): boolean => {
      const seen = this.#tracker.lister.get(metadata?.namespace ?? '', metadata?.name ?? '')
      if (seen === undefined || isPrepared(seen)) return seen !== undefined
      if (isOverdue(seen, this.#context.host.now(), this.#timeoutMs))
        throw new Error(`device binding timeout: claim=${metadata?.name}`)
      return false
    }
    await this.#waiter.until(() => claims.every(isReady), this.#timeoutMs, signal)
  }

  #unreserve(claim: Claim, pod: core.v1.Pod): void {
    const { host, logger } = this.#context
    const done = this.#writer.unreserve(claim, pod).catch((error: unknown) => {
      logger.warn('a claim is still reserved for a pod that was not bound', { claim: claimKey(claim), error })
    })
    void host.track(done)
  }
}

function eventsFor(claimsOf: (pod: core.v1.Pod) => readonly Claim[] | string): readonly EventRegistration[] {
  return [
    onEvent(Node, actions.add | actions.updateNodeLabel | actions.updateNodeAllocatable),
    onEvent(ResourceClaim, actions.add | actions.update, ({ pod }, claim, old) => {
      const claims = claimsOf(pod)
      if (typeof claims === 'string' || claim === undefined) return false
      if (old?.status?.allocation !== undefined && claim.status?.allocation === undefined) return true
      if (!claims.some(({ metadata }) => metadata?.uid === claim.metadata?.uid)) return false
      return old === undefined || !jsonEqual(old.status ?? {}, claim.status ?? {})
    }),
    onEvent(
      Pod,
      actions.updatePodGeneratedResourceClaim,
      (waiting, pod) =>
        pod !== undefined && pod.metadata?.uid === waiting.uid && typeof claimsOf(pod) !== 'string',
    ),
    onEvent(DeviceClass, actions.add | actions.update),
    onEvent(ResourceSlice, actions.add | actions.update),
  ]
}

/** Devices for pods' ResourceClaims by structured parameters (KEP-4381, KEP-4816, KEP-4815, KEP-5055, KEP-5075). */
export const dynamicResources = (context: PluginContext, args: DynamicResourcesArgs = {}): Plugin =>
  new DynamicResources(context, args)
