import { toleratesTaint } from '../../../api/core/pod/tolerations.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { type Constraint, makeConstraint } from './constraints.ts'
import type { DeviceMatcher } from './device-matcher.ts'
import { choosesNode, type DevicePool, type OfferedDevice } from './device-pools.ts'
import { claimKey, type DeviceRequest, fullName, requestsOf } from './requests.ts'
import { addConsumed, type ConsumedCapacity, takeCapacity } from './shared-capacity.ts'
import { SharedCounters } from './shared-counters.ts'

type Claim = resource.v1.ResourceClaim

/** Devices that one claim can have. */
const maxDevices = 32

export interface DeviceGates {
  readonly partitions: boolean
  readonly sharing: boolean
  /** Devices that somebody prepares before pods are bound. */
  readonly preparation: boolean
}

/** Which devices other claims have. */
export interface TakenDevices {
  /** One claim has it for itself. */
  readonly isTaken: (id: string) => boolean
  /** What claims that share it have of it; undefined: none does. */
  readonly capacityOf: (id: string) => ConsumedCapacity | undefined
}

export interface AllocatorParts {
  readonly taken: TakenDevices
  readonly matcher: DeviceMatcher
  readonly gates: DeviceGates
  /** Those that keep away who does not tolerate them. */
  readonly taintsOf: (offered: OfferedDevice) => readonly resource.v1.DeviceTaint[]
  readonly classOf: (name: string) => resource.v1.DeviceClass | undefined
  /** A new name for a claim's part in a device that is shared. */
  readonly shareId: () => string
}

export interface ChosenDevice {
  readonly request: DeviceRequest
  readonly offered: OfferedDevice
  /** For a device that is shared: the claim's part. */
  readonly share?: { readonly id: string; readonly consumed: Readonly<Record<string, string>> }
}

/** What was found for a claim. */
export interface ClaimDevices {
  readonly devices: readonly ChosenDevice[]
  /** By request: the alternative that was chosen. */
  readonly chosen: readonly PreparedRequest[]
}

export interface PreparedRequest {
  readonly request: DeviceRequest
  readonly deviceClass: resource.v1.DeviceClass
  readonly count: number
  /** All that match, where all are asked for. */
  readonly all: readonly OfferedDevice[] | undefined
}

interface PreparedClaim {
  readonly claim: Claim
  readonly requests: readonly (readonly PreparedRequest[])[]
  readonly constraints: readonly Constraint[]
  readonly devices: ChosenDevice[]
  readonly chosen: PreparedRequest[]
}

/** The search went beyond what a claim may have: no other device of the same request helps. */
type Outcome = boolean | 'too many'

interface Position {
  readonly claim: number
  readonly request: number
}

/** One search on one node; makes decisions only, and writes nothing. */
export class Allocator {
  readonly #parts: AllocatorParts
  readonly #node: core.v1.Node
  readonly #onStep: () => void
  readonly #pools: readonly DevicePool[]
  readonly #devices: readonly OfferedDevice[]
  readonly #counters: SharedCounters
  /** Devices of this search, by id: the claims that have them for themselves. */
  readonly #allocating = new Map<string, Set<number>>()
  readonly #sharing = new Map<string, Map<string, bigint>>()
  #claims: readonly PreparedClaim[] = []

  /** `onStep` is called for each device that is tried; what it throws ends the search. */
  constructor(
    parts: AllocatorParts,
    node: core.v1.Node,
    pools: readonly DevicePool[],
    onStep: () => void = () => {},
  ) {
    this.#onStep = onStep
    this.#parts = parts
    this.#node = node
    this.#pools = pools
    this.#devices = pools.flatMap(({ state, devices }) => (state === 'ready' ? devices : []))
    const { isTaken, capacityOf } = parts.taken
    this.#counters = new SharedCounters((id) => isTaken(id) || capacityOf(id) !== undefined)
  }

  /** Devices for all claims, or undefined where there are not enough. Throws for what cannot be asked for. */
  allocate(claims: readonly Claim[]): readonly ClaimDevices[] | undefined {
    this.#claims = claims.map((claim) => this.#prepare(claim))
    const done = this.#findClaim(0)
    if (done === 'too many') throw new Error('allocation max size exceeded')
    if (done) return this.#claims
    if (this.#pools.some(({ state }) => state === 'invalid'))
      throw new InvalidPools('invalid resource pools were encountered')
    return undefined
  }

  #prepare(claim: Claim): PreparedClaim {
    const requests = requestsOf(claim).map((alternatives) =>
      alternatives.map((one) => this.#prepareRequest(claim, one)),
    )
    const least = requests.reduce(
      (sum, alternatives) => sum + Math.min(...alternatives.map(({ count }) => count)),
      0,
    )
    if (least > maxDevices)
      throw new Error(
        `claim ${claimKey(claim)}: number of requested devices ${least} exceeds the claim limit of ${maxDevices}`,
      )
    const constraints = (claim.spec.devices?.constraints ?? []).map((given, place) => {
      const constraint = makeConstraint(given)
      if (constraint === undefined)
        throw new Error(
          `claim ${claimKey(claim)}, constraint #${place}: empty constraint (unsupported constraint type?)`,
        )
      return constraint
    })
    return { claim, requests, constraints, devices: [], chosen: [] }
  }

  #prepareRequest(claim: Claim, request: DeviceRequest): PreparedRequest {
    const name = request.subRequest ?? request.name
    const where = `claim ${claimKey(claim)}, request ${name}`
    const deviceClass = this.#parts.classOf(request.deviceClassName)
    if (deviceClass === undefined)
      throw new Error(
        `${where}: could not retrieve device class ${request.deviceClassName}: deviceclass.resource.k8s.io "${request.deviceClassName}" not found`,
      )
    const prepared = { request, deviceClass, count: request.count, all: undefined }
    if (!request.all) return prepared
    const all: OfferedDevice[] = []
    for (const { driver, name: pool, state, devices } of this.#pools) {
      const asks = `${where}: asks for all devices, but resource pool ${driver}/${pool} is currently`
      if (state === 'incomplete') throw new Error(`${asks} being updated`)
      if (state === 'invalid') throw new Error(`${asks} invalid`)
      for (const device of devices)
        if (this.#isSelected(claim, prepared, device) && this.#capacityFor(request, device)) all.push(device)
    }
    return { ...prepared, count: all.length, all }
  }

  #isSelected(
    claim: Claim,
    { request, deviceClass }: Omit<PreparedRequest, 'all'>,
    device: OfferedDevice,
  ): boolean {
    const { matcher, gates } = this.#parts
    if (!gates.preparation && (device.device.bindingConditions ?? []).length > 0) return false
    const { name } = deviceClass.metadata ?? {}
    if (!matcher.matches(device, deviceClass.spec.selectors ?? [], `class ${name}`)) return false
    if (!matcher.matches(device, request.selectors, `claim ${claimKey(claim)}`)) return false
    return device.slice.spec.perDeviceNodeSelection !== true || choosesNode(device.device, this.#node)
  }

  #findClaim(claim: number): Outcome {
    if (claim === this.#claims.length) return true
    const found = this.#findRequest({ claim, request: 0 })
    return found === 'too many' && claim > 0 ? false : found
  }

  /** The alternatives in turn: the first with which all that follows can be had. */
  #findRequest(at: Position): Outcome {
    const claim = this.#claims[at.claim]
    const alternatives = claim?.requests[at.request]
    if (claim === undefined || alternatives === undefined) return this.#findClaim(at.claim + 1)
    const hasAlternatives = alternatives[0]?.request.subRequest !== undefined
    let tooMany = hasAlternatives
    for (const one of alternatives) {
      claim.chosen[at.request] = one
      const found = this.#findDevices(at, one, 0, 0)
      if (found === true) return true
      if (!hasAlternatives) return found
      if (found === false) tooMany = false
    }
    return tooMany ? 'too many' : false
  }

  /** The devices of one request from its `place`th on, looked for from the device at `start` on. */
  #findDevices(at: Position, prepared: PreparedRequest, place: number, start: number): Outcome {
    const claim = this.#claims[at.claim]
    if (claim === undefined || (prepared.all !== undefined && prepared.all.length === 0)) return false
    if (place >= prepared.count) return this.#findRequest({ claim: at.claim, request: at.request + 1 })
    if (claim.devices.length + prepared.count - place > maxDevices) return 'too many'
    if (prepared.all !== undefined) return this.#takeAll(at, prepared, place)
    for (let index = start; index < this.#devices.length; index++) {
      const device = this.#devices[index]
      this.#onStep()
      if (device === undefined || this.#isInUse(at, prepared.request, device)) continue
      if (!this.#isSelected(claim.claim, prepared, device)) continue
      const giveBack = this.#take(at, prepared, device)
      if (giveBack === undefined) continue
      const found = this.#findDevices(at, prepared, place + 1, index + 1)
      if (found === true) return true
      giveBack()
      if (found === 'too many') return found
    }
    return false
  }

  #takeAll(at: Position, prepared: PreparedRequest, place: number): Outcome {
    const device = prepared.all?.[place]
    if (device === undefined) return false
    const giveBack = this.#take(at, prepared, device, true)
    if (giveBack === undefined) return false
    const found = this.#findDevices(at, prepared, place + 1, 0)
    if (found !== true) giveBack()
    return found
  }

  #isInUse(at: Position, { adminAccess }: DeviceRequest, { id }: OfferedDevice): boolean {
    const allocating = this.#allocating.get(id)
    // Who administers a device does not take it from anybody, but has it once.
    if (adminAccess) return allocating?.has(at.claim) === true
    return this.#parts.taken.isTaken(id) || (allocating !== undefined && allocating.size > 0)
  }

  #isShared({ device }: OfferedDevice): boolean {
    return this.#parts.gates.sharing && device.allowMultipleAllocations === true
  }

  #capacityFor({ capacity }: DeviceRequest, { id, device }: OfferedDevice) {
    if (!this.#parts.gates.sharing) return capacity === undefined ? {} : undefined
    return takeCapacity(device, capacity, [this.#parts.taken.capacityOf(id), this.#sharing.get(id)])
  }

  /** Takes a device for a claim; returns what gives it back, or undefined where it cannot be had. */
  #take(
    at: Position,
    prepared: PreparedRequest,
    offered: OfferedDevice,
    must = false,
  ): (() => void) | undefined {
    const claim = this.#claims[at.claim]
    const { request } = prepared
    if (claim === undefined || this.#isInUse(at, request, offered)) return undefined
    if (keepsAway(this.#parts.taintsOf(offered), request)) return undefined
    const consumed = this.#capacityFor(request, offered)
    if (consumed === undefined) return undefined
    const shared = this.#isShared(offered)
    const counts = this.#countsOf(offered, shared)
    if (counts && !(this.#parts.gates.partitions && this.#counters.take(offered))) return undefined
    if (!constrain(claim.constraints, request, offered)) {
      if (counts) this.#counters.giveBack(offered)
      if (must)
        throw new Error(
          `claim ${claimKey(claim.claim)}, request ${request.subRequest ?? request.name}: cannot add device ${offered.id} because a claim constraint would not be satisfied`,
        )
      return undefined
    }
    const claims = this.#allocating.get(offered.id) ?? new Set()
    if (shared) addConsumed(this.#sharing, offered.id, consumed, 1n)
    else this.#allocating.set(offered.id, claims.add(at.claim))
    claim.devices.push({
      request,
      offered,
      ...(shared ? { share: { id: this.#parts.shareId(), consumed } } : {}),
    })
    return () => {
      claim.devices.pop()
      if (shared) addConsumed(this.#sharing, offered.id, consumed, -1n)
      else claims.delete(at.claim)
      for (const constraint of claim.constraints) constraint.remove(request.name, request.subRequest, offered)
      if (counts) this.#counters.giveBack(offered)
    }
  }

  /** Whether it takes from its pool's counters: a shared device does once, for the first that shares it. */
  #countsOf({ id, device }: OfferedDevice, shared: boolean): boolean {
    if ((device.consumesCounters ?? []).length === 0) return false
    return !shared || (this.#parts.taken.capacityOf(id) === undefined && !this.#sharing.has(id))
  }
}

/** Something is wrong with what drivers publish; other nodes may do. */
export class InvalidPools extends Error {}

const keepsAway = (taints: readonly resource.v1.DeviceTaint[], { tolerations }: DeviceRequest): boolean =>
  taints.some(
    (taint) =>
      (taint.effect === 'NoExecute' || taint.effect === 'NoSchedule') &&
      !tolerations.some((toleration) => toleratesTaint(toleration, taint)),
  )

/** All constraints or none. */
function constrain(
  constraints: readonly Constraint[],
  request: DeviceRequest,
  offered: OfferedDevice,
): boolean {
  for (const [place, constraint] of constraints.entries()) {
    if (constraint.add(request.name, request.subRequest, offered)) continue
    for (const done of constraints.slice(0, place)) done.remove(request.name, request.subRequest, offered)
    return false
  }
  return true
}

export const requestName = (prepared: PreparedRequest): string => fullName(prepared.request)
