import { defaultFeatures } from '../../api/feature-gates.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Rejection } from '../admission/admit-pod.ts'
import type { ResourceList } from '../node/allocatable/reservations.ts'
import type { ClaimManager } from './claims/claim-manager.ts'
import { type ContainerGrant, nothingGranted } from './container-grant.ts'
import type { CpuManager } from './cpu/cpu-manager.ts'
import { cpuSetText, sortedCpus } from './cpu/cpu-set.ts'
import { deviceHealth } from './device-health.ts'
import type { DeviceManager } from './devices/device-manager.ts'
import type { HeldMemory, HeldResources } from './held-resources.ts'
import type { MemoryManager } from './memory/memory-manager.ts'
import type { MemoryBlock } from './memory/memory-state.ts'
import type { TopologyManager } from './topology/topology-manager.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

/** What of the machine is given to single containers. */
export interface ResourceManagers {
  /** Gives a new pod's containers what they ask for; why not. A promise only where somebody has to be asked. */
  admit(pod: Pod): Rejection | undefined | Promise<Rejection | undefined>
  /** What the node has for a pod that was just given its part. */
  allocatableFor(pod: Pod, allocatable: ResourceList): ResourceList
  /** Gets a new pod's claims ready. Rejects with what users are shown. */
  prepare(pod: Pod): Promise<void>
  /** What a container that is about to start was given. Rejects with what users are shown. */
  grant(pod: Pod, container: Container): Promise<ContainerGrant>
  /** Whether a container, or some container of a pod, has processors for itself, so that their time is not limited. */
  ownsCpus(podUid: string, container?: string): boolean
  /** The status with how devices are that containers have. */
  withHealth(pod: Pod, status: core.v1.PodStatus): core.v1.PodStatus
  /** Nothing of the pod runs any more. Rejects where that could not be told to all who have to know. */
  release(podUid: string): Promise<void>
  /** What pods that are not there any more had is free. */
  keepOnly(podUids: ReadonlySet<string>): void
  /** Extended resources that the node shows. */
  amounts(): { readonly capacity: ResourceList; readonly allocatable: ResourceList }
  /** What a container has, and what all could have together. */
  held(pod: Pod, container: Container): HeldResources
  obtainable(): HeldResources
  /** Calls back when what the node has of resources changes, or how it is. Returns what removes the handler. */
  onChange(handler: () => void): () => void
}

const nothingHeld: HeldResources = { devices: new Map(), cpus: [], memory: [], claims: [] }

const heldMemory = ({ type, size, numaAffinity }: MemoryBlock): HeldMemory => ({
  ...{ memoryType: type, size, nodes: numaAffinity },
})

/** Upstream's pause between two looks for claims of pods that are gone. */
const giveBackRetryMs = 60_000

/** Of a node that has nothing of the sort. */
export const noManagers: ResourceManagers = {
  admit: () => undefined,
  allocatableFor: (_pod, allocatable) => allocatable,
  prepare: async () => {},
  grant: async () => nothingGranted,
  ownsCpus: () => false,
  withHealth: (_pod, status) => status,
  release: async () => {},
  keepOnly: () => {},
  amounts: () => ({ capacity: {}, allocatable: {} }),
  held: () => nothingHeld,
  obtainable: () => nothingHeld,
  onChange: () => () => {},
}

export interface NodeManagers {
  readonly topology: TopologyManager
  readonly devices: DeviceManager
  readonly cpus: CpuManager
  readonly memory: MemoryManager
  readonly claims: ClaimManager
  readonly host: Host
  readonly logger: Logger
  readonly features?: Features
}

/** The managers of a real node. */
export class NodeResourceManagers implements ResourceManagers {
  readonly #managers: NodeManagers
  readonly #features: Features
  readonly #handlers = new Set<() => void>()
  /** The one that allocates, or waits for those before it. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(managers: NodeManagers) {
    this.#managers = managers
    this.#features = managers.features ?? defaultFeatures
  }

  admit(pod: Pod): Promise<Rejection | undefined> {
    return this.#inTurn(() => this.#managers.topology.admit(pod))
  }

  allocatableFor(pod: Pod, allocatable: ResourceList): ResourceList {
    return this.#managers.devices.atLeastAllocated(pod.metadata?.uid ?? '', allocatable)
  }

  prepare(pod: Pod): Promise<void> {
    return this.#managers.claims.prepare(pod)
  }

  async grant(pod: Pod, container: Container): Promise<ContainerGrant> {
    const { devices, claims, cpus, memory } = this.#managers
    const uid = pod.metadata?.uid ?? ''
    const allocations = await this.#inTurn(() => devices.prepare(pod, container))
    memory.starting(pod, container)
    return {
      ...{ allocations, claimed: claims.cdiDevices(pod, container) },
      cpus: cpuSetText(cpus.cpusOf(uid, container.name)),
      memoryNodes: memory.nodesFor(uid, container.name).join(','),
      ownsCpus: this.ownsCpus(uid, container.name),
    }
  }

  ownsCpus(podUid: string, container?: string): boolean {
    const { cpus } = this.#managers
    if (!this.#features.enabled('DisableCPUQuotaWithExclusiveCPUs')) return false
    return container === undefined
      ? cpus.hasExclusive(podUid)
      : cpus.exclusive(podUid, container) !== undefined
  }

  withHealth(pod: Pod, status: core.v1.PodStatus): core.v1.PodStatus {
    if (!this.#features.enabled('ResourceHealthStatus')) return status
    return deviceHealth(status, (name) => this.#managers.devices.devicesOf(pod.metadata?.uid ?? '', name))
  }

  async release(podUid: string): Promise<void> {
    const { devices, cpus, memory, topology, claims } = this.#managers
    for (const each of [devices, cpus, memory, topology]) each.release(podUid)
    await claims.unprepare(podUid)
  }

  keepOnly(podUids: ReadonlySet<string>): void {
    const { devices, cpus, memory, claims } = this.#managers
    for (const each of [devices, cpus, memory]) each.keepOnly(podUids)
    for (const uid of claims.podUids()) if (!podUids.has(uid)) this.#giveBack(uid)
  }

  /** Until it is done: the driver may not be there yet. */
  #giveBack(podUid: string): void {
    const { claims, host, logger } = this.#managers
    claims.unprepare(podUid).catch((error: unknown) => {
      logger.warn('claims of a pod that is gone could not be given back', { podUid, error: messageOf(error) })
      host.schedule(giveBackRetryMs, () => this.#giveBack(podUid))
    })
  }

  amounts(): { readonly capacity: ResourceList; readonly allocatable: ResourceList } {
    return this.#managers.devices.amounts()
  }

  held(pod: Pod, container: Container): HeldResources {
    const { devices, claims, cpus, memory } = this.#managers
    const uid = pod.metadata?.uid ?? ''
    return {
      devices: devices.devicesOf(uid, container.name),
      cpus: sortedCpus(cpus.exclusive(uid, container.name) ?? []),
      memory: memory.blocks(uid, container.name).map(heldMemory),
      claims: claims.claimsOf(pod, container),
    }
  }

  obtainable(): HeldResources {
    const { devices, cpus, memory } = this.#managers
    return {
      devices: devices.healthyDevices(),
      cpus: sortedCpus(cpus.allocatable),
      memory: memory.allocatable.map(heldMemory),
      claims: [],
    }
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** A manager has something new. */
  changed(): void {
    for (const handler of this.#handlers) handler()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work)
    this.#turn = done
    return done
  }
}
