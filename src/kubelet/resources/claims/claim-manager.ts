import type { core, resource } from '../../../api/generated/types/index.ts'
import { isReservedFor, notForPod, podClaimName, podClaimNames } from '../../../api/resource/pod-claims.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { Client } from '../../../client/client.ts'
import type { StateStore } from '../../state/state-store.ts'
import { StateWriter } from '../../state/state-writer.ts'
import { type ClaimState, claimsText, parseClaims } from './claim-state.ts'
import type { ClaimReference, Driver } from './driver.ts'
import type { Drivers } from './drivers.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container
type Claim = resource.v1.ResourceClaim

export interface ClaimManagerOptions {
  readonly client: Client
  readonly logger: Logger
  readonly store?: StateStore
  readonly drivers: Pick<Drivers, 'get'>
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`

/** ResourceClaims of this node's pods: prepared before the first of them starts, given back after the last has ended. */
export class ClaimManager {
  readonly #options: ClaimManagerOptions
  readonly #claims = new Map<string, ClaimState>()
  readonly #writer: StateWriter

  constructor(options: ClaimManagerOptions) {
    this.#options = options
    this.#writer = new StateWriter(options.store, () => claimsText(this.#claims.values()))
  }

  async load(): Promise<void> {
    const { store, logger } = this.#options
    try {
      const text = await store?.load()
      if (text === undefined) return
      for (const claim of parseClaims(text)) this.#claims.set(keyOf(claim.namespace, claim.name), claim)
    } catch (error) {
      logger.error('which claims are prepared could not be read', { error: messageOf(error) })
    }
  }

  /** Resolves when all claims of a pod are ready for its containers; rejects in upstream's words. */
  async prepare(pod: Pod): Promise<void> {
    if (podClaimNames(pod).length === 0 && (pod.spec?.resourceClaims ?? []).length === 0) return
    try {
      await this.#prepare(pod)
    } catch (error) {
      throw new Error(`prepare dynamic resources: ${messageOf(error)}`)
    }
  }

  /** Gives back what no other pod has. Rejects where a driver cannot be told: it has to be tried again. */
  async unprepare(podUid: string): Promise<void> {
    const mine = [...this.#claims.values()].filter(({ podUids }) => podUids.has(podUid))
    if (mine.length === 0) return
    try {
      await this.#unprepare(podUid, mine)
    } catch (error) {
      throw new Error(`unprepare dynamic resources: ${messageOf(error)}`)
    }
  }

  podUids(): ReadonlySet<string> {
    return new Set([...this.#claims.values()].flatMap(({ podUids }) => [...podUids]))
  }

  /** Names of devices that the runtime knows from files that drivers write (CDI). Throws where a claim is not prepared. */
  cdiDevices(pod: Pod, container: Container): readonly string[] {
    const names: string[] = []
    for (const [name, requests] of requestsOf(pod, container)) {
      const claim = this.#claims.get(keyOf(pod.metadata?.namespace ?? '', name))
      if (claim === undefined)
        throw new Error(
          `internal error: unable to get claim info for ResourceClaim ${name} in namespace ${pod.metadata?.namespace}`,
        )
      for (const request of requests) {
        const devices = [...claim.devices.values()].flat()
        const own = devices.filter(
          ({ requestNames }) => request === '' || requestNames.length === 0 || requestNames.includes(request),
        )
        names.push(...own.flatMap(({ cdiDeviceIds }) => cdiDeviceIds))
      }
    }
    return names
  }

  /** Claims that a container has. */
  claimsOf(pod: Pod, container: Container): readonly ClaimState[] {
    return [...requestsOf(pod, container).keys()].flatMap(
      (name) => this.#claims.get(keyOf(pod.metadata?.namespace ?? '', name)) ?? [],
    )
  }

  async #prepare(pod: Pod): Promise<void> {
    const { drivers } = this.#options
    const podUid = pod.metadata?.uid ?? ''
    // Nothing is noted before all of it could be: who notes has to give back.
    const claims = await this.#fetch(pod)
    const usable = claims.map((claim) => ({ claim, state: stateOf(claim) }))
    for (const { state } of usable) for (const driver of state.devices.keys()) drivers.get(driver)
    const open = new Map<string, ClaimState>()
    for (const { state } of usable) {
      const key = keyOf(state.namespace, state.name)
      const known = this.#claims.get(key)
      if (known !== undefined && known.uid !== state.uid)
        throw new Error(
          `old ResourceClaim with same name ${state.name} and different UID ${known.uid} still exists (previous pod force-deleted?!)`,
        )
      const next = { ...(known ?? state), podUids: new Set([...(known?.podUids ?? []), podUid]) }
      this.#claims.set(key, next)
      if (!next.isPrepared) open.set(next.uid, next)
    }
    await this.#writer.write()
    for (const [name, own] of byDriver(open.values())) await this.#prepareWith(name, own)
    for (const { namespace, name } of open.values()) {
      const key = keyOf(namespace, name)
      const state = this.#claims.get(key)
      if (state !== undefined) this.#claims.set(key, { ...state, isPrepared: true })
    }
    await this.#writer.write()
  }

  async #prepareWith(name: string, claims: readonly ClaimState[]): Promise<void> {
    const driver = this.#options.drivers.get(name)
    const answers = await told('NodePrepareResources', driver.prepare(claims.map(referenceOf)))
    checkAnswers('NodePrepareResources', claims, answers)
    for (const { namespace, name: claimName, uid } of claims) {
      const key = keyOf(namespace, claimName)
      const state = this.#claims.get(key)
      const devices = answers.get(uid)?.devices ?? []
      if (state !== undefined)
        this.#claims.set(key, { ...state, devices: new Map([...state.devices, [name, devices]]) })
    }
  }

  async #unprepare(podUid: string, mine: readonly ClaimState[]): Promise<void> {
    const last = mine.filter(({ podUids }) => podUids.size === 1)
    for (const claim of mine.filter(({ podUids }) => podUids.size > 1)) {
      const podUids = new Set([...claim.podUids].filter((uid) => uid !== podUid))
      this.#claims.set(keyOf(claim.namespace, claim.name), { ...claim, podUids })
    }
    for (const [name, claims] of byDriver(last)) {
      const driver: Driver = this.#options.drivers.get(name)
      const answers = await told('NodeUnprepareResources', driver.unprepare(claims.map(referenceOf)))
      checkAnswers('NodeUnprepareResources', claims, answers)
    }
    for (const { namespace, name } of last) this.#claims.delete(keyOf(namespace, name))
    await this.#writer.write()
  }

  async #fetch(pod: Pod): Promise<readonly Claim[]> {
    const namespace = pod.metadata?.namespace ?? ''
    const wanted = (pod.spec?.resourceClaims ?? []).flatMap((entry) => {
      const found = podClaimName(pod, entry)
      if (found === 'missing')
        throw new Error(`pod "${namespace}/${pod.metadata?.name}": ResourceClaim not created yet`)
      return found === 'unneeded' ? [] : [found]
    })
    const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName
    const all = extended === undefined ? wanted : [...wanted, { name: extended, isGenerated: false }]
    return Promise.all(
      all.map(async ({ name, isGenerated }) => {
        const claim = await told(
          `fetch ResourceClaim ${name}`,
          this.#options.client.resource(ResourceClaim).get(namespace, name),
        )
        const why = isGenerated ? notForPod(pod, claim) : undefined
        if (why !== undefined) throw new Error(why)
        if (!isReservedFor(claim, pod))
          throw new Error(
            `pod ${pod.metadata?.name} (${pod.metadata?.uid}) is not allowed to use ResourceClaim ${name} (${claim.metadata?.uid})`,
          )
        return claim
      }),
    )
  }
}

async function told<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`)
  }
}

const referenceOf = ({ namespace, uid, name }: ClaimState): ClaimReference => ({ namespace, uid, name })

function stateOf(claim: Claim): ClaimState {
  const { uid = '', name = '', namespace = '' } = claim.metadata ?? {}
  const { allocation } = claim.status ?? {}
  if (allocation === undefined) throw new Error(`ResourceClaim ${name}: not allocated`)
  const drivers = (allocation.devices?.results ?? []).map(({ driver }) => [driver, []] as const)
  return { uid, name, namespace, podUids: new Set(), devices: new Map(drivers), isPrepared: false }
}

function byDriver(claims: Iterable<ClaimState>): ReadonlyMap<string, readonly ClaimState[]> {
  const all = new Map<string, ClaimState[]>()
  for (const claim of claims)
    for (const driver of claim.devices.keys()) all.set(driver, [...(all.get(driver) ?? []), claim])
  return all
}

/** Throws an Error for what a driver could not do, or did not answer. */
function checkAnswers(
  call: string,
  claims: readonly ClaimState[],
  answers: ReadonlyMap<string, { readonly error: string }>,
): void {
  for (const [uid, { error }] of answers) {
    const claim = claims.find((each) => each.uid === uid)
    if (claim === undefined) throw new Error(`${call} returned result for unknown claim UID ${uid}`)
    if (error !== '') throw new Error(`${call} failed for ResourceClaim ${claim.name}: ${error}`)
  }
  const skipped = claims.length - answers.size
  if (skipped !== 0) throw new Error(`${call} skipped ${skipped} ResourceClaims`)
}

/** Requests of each claim that a container has; '' for all of a claim. */
function requestsOf(pod: Pod, container: Container): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>()
  for (const entry of pod.spec?.resourceClaims ?? []) {
    const requests = (container.resources?.claims ?? []).filter(({ name }) => name === entry.name)
    const found = podClaimName(pod, entry)
    if (requests.length === 0 || typeof found === 'string') continue
    all.set(found.name, [...(all.get(found.name) ?? []), ...requests.map(({ request = '' }) => request)])
  }
  const extended = pod.status?.extendedResourceClaimStatus
  if (extended === undefined) return all
  const asked = container.resources?.requests ?? {}
  for (const { containerName, resourceName, requestName } of extended.requestMappings ?? []) {
    if (containerName !== container.name || quantityUnits(asked[resourceName] ?? '0') === 0) continue
    all.set(extended.resourceClaimName, [...(all.get(extended.resourceClaimName) ?? []), requestName])
  }
  return all
}
