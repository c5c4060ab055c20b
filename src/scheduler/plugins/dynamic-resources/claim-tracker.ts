import type { resource } from '../../../api/generated/types/index.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import type { InformerFactory, Lister } from '../../../client/informer.ts'
import type { TakenDevices } from './allocator.ts'
import { extendedOwner } from './extended-claim.ts'
import { addConsumed } from './shared-capacity.ts'

type Claim = resource.v1.ResourceClaim
type Allocation = resource.v1.AllocationResult
type Result = resource.v1.DeviceRequestAllocationResult

/** What claims have of devices, kept as they change; a decision counts until the cache shows it, or it is taken back. */
export class ClaimTracker implements TakenDevices {
  readonly lister: Lister<Claim>
  /** By the claim's uid. */
  readonly #held = new Map<string, readonly Result[]>()
  readonly #pending = new Map<string, Allocation>()
  readonly #taken = new Map<string, number>()
  readonly #capacity = new Map<string, Map<string, bigint>>()
  readonly #sharers = new Map<string, number>()

  /** `onChange` is called after each change of a claim. */
  constructor(informers: Pick<InformerFactory, 'informer'>, onChange: () => void = () => {}) {
    const claims = informers.informer(ResourceClaim)
    claims.addIndexers({ extendedOwner })
    this.lister = claims.lister
    claims.onChange((claim, old) => {
      this.#onChange(claim, old)
      onChange()
    })
  }

  readonly isTaken = (id: string): boolean => this.#taken.has(id)

  readonly capacityOf = (id: string): ReadonlyMap<string, bigint> | undefined =>
    this.#sharers.has(id) ? (this.#capacity.get(id) ?? new Map()) : undefined

  /** Decided for the claim and not seen yet. */
  isPending(uid: string): boolean {
    return this.#pending.has(uid)
  }

  decide(uid: string, allocation: Allocation): void {
    this.#pending.set(uid, allocation)
    this.#hold(uid, allocation)
  }

  /** A claim for extended resources that is left of an earlier attempt with the pod. */
  extendedOf(podUid: string): Claim | undefined {
    return this.lister.byIndex('extendedOwner', podUid)[0]
  }

  /** A claim that was decided before it was written has its own uid now. */
  rename(from: string, to: string): void {
    const allocation = this.#pending.get(from)
    if (allocation === undefined) return
    this.#pending.delete(from)
    this.#hold(from, undefined)
    this.decide(to, allocation)
  }

  takeBack({ metadata }: Claim): void {
    const uid = metadata?.uid ?? ''
    if (!this.#pending.delete(uid)) return
    const seen = this.lister.get(metadata?.namespace ?? '', metadata?.name ?? '')
    this.#hold(uid, seen?.metadata?.uid === uid ? seen.status?.allocation : undefined)
  }

  #onChange(claim: Claim | undefined, old: Claim | undefined): void {
    const before = old?.metadata?.uid
    if (before !== undefined && before !== claim?.metadata?.uid) {
      this.#pending.delete(before)
      this.#hold(before, undefined)
    }
    const uid = claim?.metadata?.uid
    if (claim === undefined || uid === undefined) return
    const { allocation } = claim.status ?? {}
    // The finalizer comes first: the decision is still to be written.
    if (allocation === undefined && this.#pending.has(uid)) return
    this.#pending.delete(uid)
    this.#hold(uid, allocation)
  }

  #hold(uid: string, allocation: Allocation | undefined): void {
    for (const result of this.#held.get(uid) ?? []) this.#count(result, -1)
    const results = (allocation?.devices?.results ?? []).filter(({ adminAccess }) => adminAccess !== true)
    if (results.length === 0) this.#held.delete(uid)
    else this.#held.set(uid, results)
    for (const result of results) this.#count(result, 1)
  }

  #count({ driver, pool, device, shareID, consumedCapacity }: Result, by: 1 | -1): void {
    const id = `${driver}/${pool}/${device}`
    const counts = shareID === undefined ? this.#taken : this.#sharers
    const count = (counts.get(id) ?? 0) + by
    if (count === 0) counts.delete(id)
    else counts.set(id, count)
    if (shareID !== undefined) addConsumed(this.#capacity, id, consumedCapacity ?? {}, by === 1 ? 1n : -1n)
  }
}
