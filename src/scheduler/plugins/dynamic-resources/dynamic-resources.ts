import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { DeviceTaintRule } from '../../../api/resource/device-taint-rule/kind.ts'
import { canBeReserved, isReservedFor } from '../../../api/resource/pod-claims.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { ChangeWaiter } from '../../change-waiter.ts'
import { actions, type EventRegistration, onEvent } from '../../cluster-event.ts'
import { extendedResourceClasses } from '../../extended-resource-classes.ts'
import type { Plugin, PluginContext, Rejection } from '../../framework.ts'
import type { PodInfo } from '../../pod-info.ts'
import { isOverdue, isPrepared } from './binding-conditions.ts'
import { type AttemptParts, ClaimAttempt } from './claim-attempt.ts'
import { ClaimTracker } from './claim-tracker.ts'
import { ClaimWriter } from './claim-writer.ts'
import { DeviceFinder } from './device-finder.ts'
import { followsTaintRules } from './device-taints.ts'
import { type DynamicResourcesArgs, defaultDynamicResourcesArgs } from './dynamic-resources-args.ts'
import { ExtendedClaim, needsExtendedClaim } from './extended-claim.ts'
import { NodeAllocatable } from './node-allocatable.ts'
import { claimsOfPod } from './pod-claims.ts'
import { type PreparationOutcome, preparationMetrics, preparationOutcome } from './preparation-metrics.ts'
import { claimKey, fullName, requestsOf } from './requests.ts'

type Claim = resource.v1.ResourceClaim

const refuse = (reason: string): Rejection => ({ resolvable: false, reasons: [reason] })

class DynamicResources implements Plugin {
  readonly name = 'DynamicResources'
  readonly preBindsBeside = true
  readonly events: readonly EventRegistration[]
  readonly #context: PluginContext
  readonly #parts: AttemptParts
  readonly #waiter: ChangeWaiter
  readonly #measure: ReturnType<typeof preparationMetrics>
  readonly #backing: (resource: string) => resource.v1.DeviceClass | undefined
  /** The last: PostFilter looks at it after no node was found. */
  #attempt: ClaimAttempt | undefined

  constructor(context: PluginContext, args: DynamicResourcesArgs) {
    this.#context = context
    this.#waiter = new ChangeWaiter(context.host)
    this.#measure = preparationMetrics(context.metrics, context.schedulerName)
    this.#backing = extendedResourceClasses(context)
    const tracker = new ClaimTracker(context.informers, this.#waiter.wake)
    this.#parts = {
      ...{ context, args, tracker },
      finder: new DeviceFinder(context, tracker),
      writer: new ClaimWriter(context),
      nodeAllocatable: context.features.enabled('DRANodeAllocatableResources')
        ? new NodeAllocatable(context)
        : undefined,
      whenPrepared: (pod, node, claims, signal) => this.#whenPrepared(pod, node, claims, signal),
    }
    const rules = onEvent(DeviceTaintRule, actions.add | actions.update | actions.delete)
    this.events = [...eventsFor((pod) => this.#claimsOf(pod)), ...(followsTaintRules(context) ? [rules] : [])]
  }

  readonly preEnqueue = ({ pod }: { readonly pod: core.v1.Pod }): Rejection | undefined => {
    const claims = this.#claimsOf(pod)
    return typeof claims === 'string' ? refuse(claims) : undefined
  }

  readonly preFilter: NonNullable<Plugin['preFilter']> = (info) => {
    const { pod } = info
    const claims = this.#claimsOf(pod)
    if (typeof claims === 'string') return { type: 'reject', rejection: refuse(claims) }
    const attempt = new ClaimAttempt(this.#parts, info, claims, this.#extendedClaimOf(info))
    this.#attempt = attempt
    if (attempt.isEmpty) return { type: 'skip' }
    for (const claim of claims) {
      const refusal = this.#refuseClaim(pod, claim)
      if (refusal !== undefined) return { type: 'reject', rejection: refuse(refusal) }
    }
    return attempt.points
  }

  readonly postFilter: NonNullable<Plugin['postFilter']> = async ({ pod }) => {
    const say = (message: string) => ({ type: 'unschedulable', message, forget: false }) as const
    const attempt = this.#attempt
    if (attempt === undefined || attempt.uid !== pod.uid || attempt.isEmpty)
      return say('no new claims to deallocate')
    for (const claim of attempt.unavailable) {
      const users = claim.status?.reservedFor ?? []
      if (users.length > 1 || (users.length === 1 && !isReservedFor(claim, pod.pod))) continue
      await this.#parts.writer.deallocate(claim)
      return say('deallocation of ResourceClaim completed')
    }
    const leftOver = attempt.extended?.leftOver
    if (leftOver === undefined) return say('still not schedulable')
    await this.#parts.writer.remove(leftOver)
    return say('deletion of ResourceClaim completed')
  }

  #claimsOf(pod: core.v1.Pod): readonly Claim[] | string {
    return claimsOfPod(pod, (namespace, name) => this.#parts.tracker.lister.get(namespace, name))
  }

  #extendedClaimOf(info: PodInfo): ExtendedClaim | undefined {
    if (!needsExtendedClaim(info, this.#backing)) return undefined
    return new ExtendedClaim(info, this.#context, this.#backing, this.#parts.tracker.extendedOf(info.uid))
  }

  /** Why the pod cannot use, or get, the claim at all. */
  #refuseClaim(pod: core.v1.Pod, claim: Claim): string | undefined {
    const { tracker, finder } = this.#parts
    if (claim.status?.allocation !== undefined)
      return canBeReserved(claim) || isReservedFor(claim, pod) ? undefined : 'resourceclaim in use'
    if (tracker.isPending(claim.metadata?.uid ?? ''))
      return `resource claim ${claimKey(claim)} is in the process of being allocated`
    for (const [place, alternatives] of requestsOf(claim).entries()) {
      const { name } = claim.spec.devices?.requests?.[place] ?? {}
      if (alternatives.length === 0)
        return `resource claim ${claimKey(claim)}, request ${name}: unknown request type`
      for (const one of alternatives)
        if (finder.classOf(one.deviceClassName) === undefined)
          return `request ${fullName(one)}: device class ${one.deviceClassName} does not exist`
    }
    return undefined
  }

  async #whenPrepared(
    pod: core.v1.Pod,
    node: string,
    claims: readonly Claim[],
    signal: AbortSignal,
  ): Promise<void> {
    const { tracker, args } = this.#parts
    this.#context.report({
      ...{ regarding: pod, type: 'Normal', reason: 'BindingConditionsPending', action: 'Scheduling' },
      note: `waiting for binding conditions for device on node ${node}`,
    })
    const isReady = ({ metadata }: Claim): boolean => {
      const seen = tracker.lister.get(metadata?.namespace ?? '', metadata?.name ?? '')
      if (seen === undefined || isPrepared(seen)) return seen !== undefined
      if (isOverdue(seen, this.#context.host.now(), args.bindingTimeoutMs))
        throw new Error(`device binding timeout: claim=${metadata?.name}`)
      return false
    }
    const { host } = this.#context
    const startMs = host.monotonicMs()
    const tell = (outcome: PreparationOutcome): void =>
      this.#measure(claims, outcome, host.monotonicMs() - startMs)
    try {
      await this.#waiter.until(() => claims.every(isReady), args.bindingTimeoutMs, signal)
      tell('success')
    } catch (error) {
      tell(preparationOutcome(error))
      throw error
    }
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

/** Devices for pods' ResourceClaims by structured parameters (KEP-4381, KEP-4816, KEP-4815, KEP-5004, KEP-5055, KEP-5075). */
export const dynamicResources = (
  context: PluginContext,
  args: DynamicResourcesArgs = defaultDynamicResourcesArgs,
): Plugin => new DynamicResources(context, args)
