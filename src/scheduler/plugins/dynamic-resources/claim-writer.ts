import { Pod } from '../../../api/core/pod/kind.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { isReservedFor } from '../../../api/resource/pod-claims.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { isStatus } from '../../../apimachinery/status-error.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import type { Counter } from '../../../base/metrics.ts'
import type { PluginContext } from '../../framework.ts'
import { preparesDevices } from './device-finder.ts'
import { claimKey } from './requests.ts'

type Claim = resource.v1.ResourceClaim
type Allocation = resource.v1.AllocationResult
type Mappings = readonly core.v1.ContainerExtendedResourceRequest[]

/** Keeps an allocated claim until nobody uses its devices. */
const finalizer = 'resource.kubernetes.io/delete-protection'
/** Times that a write is tried against others' writes. */
const maxTries = 5

/** Writes what was decided for claims. */
export class ClaimWriter {
  readonly #context: PluginContext
  readonly #creates: Counter

  constructor(context: PluginContext) {
    this.#context = context
    this.#creates = context.metrics.counter({
      name: 'scheduler_resourceclaim_creates_total',
      help: 'Number of ResourceClaims creation requests within scheduler',
      labels: ['status'],
    })
  }

  /** Reserves a claim for a pod, with its allocation where that is new. Returns the claim as it is then. */
  async bind(claim: Claim, pod: core.v1.Pod, allocation: Allocation | undefined): Promise<Claim> {
    let current = claim
    for (let tries = 1; ; tries++) {
      try {
        return await this.#write(current, pod, allocation)
      } catch (error) {
        if (tries === maxTries || !isStatus(error, 'Conflict')) throw error
        const { namespace = '', name = '' } = claim.metadata ?? {}
        current = await this.#claims.get(namespace, name)
      }
    }
  }

  /** Whether the claim has devices, as the API server knows. */
  async isAllocated({ metadata }: Claim): Promise<boolean> {
    try {
      const claim = await this.#claims.get(metadata?.namespace ?? '', metadata?.name ?? '')
      return claim.metadata?.uid === metadata?.uid && claim.status?.allocation !== undefined
    } catch (error) {
      if (isStatus(error, 'NotFound')) return false
      throw error
    }
  }

  /** Takes a pod's reservation back. */
  async unreserve(claim: Claim, pod: core.v1.Pod): Promise<void> {
    if (!isReservedFor(claim, pod)) return
    const { namespace = '', name = '', uid } = claim.metadata ?? {}
    const reservedFor = [{ $patch: 'delete', uid: pod.metadata?.uid }]
    const patch = { metadata: { uid }, status: { reservedFor } }
    const type = 'application/strategic-merge-patch+json'
    await this.#claims.patch(namespace, name, type, patch, { subresource: 'status' })
  }

  /** Gives devices back that nobody uses, so that others can be found. */
  async deallocate(claim: Claim): Promise<void> {
    const { allocation: _, reservedFor: __, devices: ___, ...status } = claim.status ?? {}
    await this.#claims.updateStatus({ ...claim, status })
  }

  /** Writes a claim that was decided on before there was one. */
  async create({ metadata, spec }: Claim): Promise<Claim> {
    const { name: _, uid: __, ...given } = metadata ?? {}
    try {
      const created = await this.#claims.create({
        apiVersion: 'resource.k8s.io/v1',
        kind: 'ResourceClaim',
        metadata: given,
        spec,
      })
      this.#creates.inc(['success'])
      return created
    } catch (error) {
      this.#creates.inc(['failure'])
      throw error
    }
  }

  /** Takes a claim away that nobody else knows of. */
  async remove(claim: Claim): Promise<void> {
    const { namespace = '', name = '' } = claim.metadata ?? {}
    let current = claim
    for (let tries = 1; ; tries++) {
      const { metadata } = current
      const finalizers = (metadata?.finalizers ?? []).filter((each) => each !== finalizer)
      try {
        await this.#claims.update({ ...current, metadata: { ...metadata, finalizers } })
        break
      } catch (error) {
        if (tries === maxTries || !isStatus(error, 'Conflict')) throw error
        current = await this.#claims.get(namespace, name)
      }
    }
    await this.#claims.delete(namespace, name)
  }

  /** Tells the pod (and its kubelet) which devices stand for its extended resources. */
  async tellPod(pod: core.v1.Pod, claim: Claim, mappings: Mappings): Promise<void> {
    const extendedResourceClaimStatus = {
      resourceClaimName: claim.metadata?.name ?? '',
      requestMappings: [...mappings],
    }
    await this.#patchStatus(pod, { extendedResourceClaimStatus })
  }

  /** Writes what a pod's devices take of its node; null: nothing. */
  async tellTaken(
    pod: core.v1.Pod,
    nodeAllocatableResourceClaimStatuses: readonly core.v1.NodeAllocatableResourceClaimStatus[] | null,
  ): Promise<void> {
    await this.#patchStatus(pod, { nodeAllocatableResourceClaimStatuses })
  }

  async #patchStatus({ metadata }: core.v1.Pod, status: object): Promise<void> {
    const pods = this.#context.client.resource(Pod)
    const { namespace = '', name = '' } = metadata ?? {}
    const type = 'application/strategic-merge-patch+json'
    await pods.patch(namespace, name, type, { status }, { subresource: 'status' })
  }

  get #claims() {
    return this.#context.client.resource(ResourceClaim)
  }

  async #write(claim: Claim, pod: core.v1.Pod, allocation: Allocation | undefined): Promise<Claim> {
    const { metadata, status } = claim
    if (metadata?.deletionTimestamp !== undefined)
      throw new Error(`claim ${claimKey(claim)} got deleted in the meantime`)
    let current = claim
    if (allocation !== undefined) {
      if (status?.allocation !== undefined)
        throw new Error(`claim ${claimKey(claim)} got allocated elsewhere in the meantime`)
      const finalizers = metadata?.finalizers ?? []
      if (!finalizers.includes(finalizer))
        current = await this.#claims.update({
          ...claim,
          metadata: { ...metadata, finalizers: [...finalizers, finalizer] },
        })
    }
    const { name = '', uid = '' } = pod.metadata ?? {}
    const known = allocation ?? status?.allocation
    return await this.#claims.updateStatus({
      ...current,
      status: {
        ...current.status,
        ...(known === undefined ? {} : { allocation: this.#stamped(known) }),
        reservedFor: [...(current.status?.reservedFor ?? []), { resource: 'pods', name, uid }],
      },
    })
  }

  #stamped(allocation: Allocation): Allocation {
    const { features, host } = this.#context
    return preparesDevices(features) && allocation.allocationTimestamp === undefined
      ? { ...allocation, allocationTimestamp: formatTime(host.now()) }
      : allocation
  }
}
