import type { core } from '../../../api/generated/types/index.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { ResourceList } from '../../node/allocatable/reservations.ts'
import type { StateStore } from '../../state/state-store.ts'
import { StateWriter } from '../../state/state-writer.ts'
import type { AffinityStore, HintProvider, ResourceHints, TopologyHint } from '../topology/hint.ts'
import { chooseDevices } from './choose-devices.ts'
import { deviceCheckpoint, parseDeviceCheckpoint } from './device-checkpoint.ts'
import { deviceHints } from './device-hints.ts'
import type {
  AllocationCodec,
  Device,
  DeviceAllocation,
  DevicePlugin,
  DevicePluginOptions,
} from './device-plugin.ts'
import { deviceRequests, isClaimed, podDeviceRequests } from './device-requests.ts'
import { devicesByNode } from './devices-by-node.ts'
import { deviceIds, PodDevices } from './pod-devices.ts'
import { RegisteredDevices } from './registered-devices.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

export interface DeviceManagerOptions {
  readonly logger: Logger
  readonly now: () => number
  /** Where it is kept who has what. */
  readonly store?: StateStore
  readonly codec: AllocationCodec
  /** NUMA nodes of the machine. */
  readonly nodes: readonly number[]
  readonly affinity: AffinityStore
  /** Devices have come, gone, or are not well any more. */
  readonly onChange: () => void
}

/** Devices that a container has already, and those that it could have again. */
interface OwnDevices {
  readonly has: ReadonlySet<string>
  readonly reusable: ReadonlySet<string>
}

/** Devices of plugins: who has them, and who may. One call at a time allocates. */
export class DeviceManager implements HintProvider {
  readonly #options: DeviceManagerOptions
  readonly #writer: StateWriter
  readonly #registered: RegisteredDevices
  #pods = new PodDevices()
  /** What init containers of the pod that is being admitted leave to those after them. */
  #reusable: { readonly podUid: string; readonly devices: Map<string, Set<string>> } = {
    podUid: '',
    devices: new Map(),
  }

  constructor(options: DeviceManagerOptions) {
    this.#options = options
    this.#registered = new RegisteredDevices(options.now)
    this.#writer = new StateWriter(options.store, () => {
      const healthy = this.#registered
        .resources()
        .map((resource) => [resource, [...this.#registered.healthy(resource)]] as const)
      return deviceCheckpoint({ podDevices: this.#pods, registered: new Map(healthy) }, options.codec)
    })
  }

  /** Takes up what the last agent left. Its plugins have to come again before anything new is had of them. */
  async load(): Promise<void> {
    const { store, codec, logger } = this.#options
    try {
      const text = await store?.load()
      if (text === undefined) return
      const { podDevices, registered } = parseDeviceCheckpoint(text, codec)
      this.#pods = podDevices
      for (const resource of registered.keys()) this.#registered.restore(resource)
    } catch (error) {
      logger.error('which pods have which devices could not be read', { error: messageOf(error) })
    }
  }

  connected(resource: string, plugin: DevicePlugin, options: DevicePluginOptions): void {
    this.#registered.connected(resource, plugin, options)
  }

  /** Only where that plugin is still the resource's: another may have taken its place. */
  disconnected(resource: string, plugin: DevicePlugin): void {
    if (this.#registered.disconnected(resource, plugin)) this.#options.onChange()
  }

  /** All devices that a plugin has now. */
  listed(resource: string, devices: readonly Device[]): void {
    this.#registered.listed(resource, devices)
    this.#save()
    this.#options.onChange()
  }

  /** What the node shows of resources: one whose plugin is gone for long is shown as none, once. */
  amounts(): { readonly capacity: ResourceList; readonly allocatable: ResourceList } {
    const amounts = this.#registered.amounts()
    if (this.#registered.forgetGone()) this.#save()
    return amounts
  }

  /** What the node has for a pod at least: what the pod was just given counts though its plugin is gone. */
  atLeastAllocated(podUid: string, allocatable: ResourceList): ResourceList {
    if (!this.#pods.hasPod(podUid)) return allocatable
    const raised = [...this.#pods.allocated()].filter(
      ([resource, ids]) => quantityUnits(allocatable[resource] ?? '0') < ids.size,
    )
    return {
      ...allocatable,
      ...Object.fromEntries(raised.map(([resource, ids]) => [resource, String(ids.size)])),
    }
  }

  hints(pod: Pod, container: Container): ResourceHints {
    const podUid = pod.metadata?.uid ?? ''
    const reusable = this.#reusable.podUid === podUid ? this.#reusable.devices : new Map()
    return this.#hints(deviceRequests(container), (resource) => {
      const own = this.#pods.get(podUid, container.name, resource)
      return {
        has: own === undefined ? new Set() : deviceIds(own),
        reusable: reusable.get(resource) ?? new Set(),
      }
    })
  }

  podHints(pod: Pod): ResourceHints {
    return this.#hints(podDeviceRequests(pod), (resource) => ({
      has: this.#pods.ofPod(pod.metadata?.uid ?? '', resource),
      reusable: new Set(),
    }))
  }

  async allocate(pod: Pod, container: Container): Promise<void> {
    const podUid = pod.metadata?.uid ?? ''
    if (this.#reusable.podUid !== podUid) this.#reusable = { podUid, devices: new Map() }
    const reusable = this.#reusable.devices
    await this.#allocate(pod, container, reusable)
    const init = pod.spec?.initContainers?.find(({ name }) => name === container.name)
    const leaves = init !== undefined && init.restartPolicy !== 'Always'
    for (const [resource, devices] of this.#pods.of(podUid, container.name)) {
      const ids = reusable.get(resource) ?? new Set<string>()
      for (const id of deviceIds(devices)) {
        if (leaves) ids.add(id)
        else ids.delete(id)
      }
      reusable.set(resource, ids)
    }
  }

  /** Tells plugins that want to know that a container starts, and what the runtime is told for its devices. */
  async prepare(pod: Pod, container: Container): Promise<readonly DeviceAllocation[]> {
    const podUid = pod.metadata?.uid ?? ''
    let missing = false
    for (const [resource, size] of deviceRequests(container)) {
      if (!this.#isOurs(resource) || size === 0 || isClaimed(pod, container.name, resource)) continue
      await this.#preStart(podUid, container.name, resource)
      if (this.#pods.get(podUid, container.name, resource) === undefined) missing = true
    }
    if (missing) await this.allocate(pod, container)
    return [...this.#pods.of(podUid, container.name).values()].map(({ allocation }) => allocation)
  }

  release(podUid: string): void {
    if (this.#pods.delete(podUid)) this.#save()
  }

  keepOnly(podUids: ReadonlySet<string>): void {
    for (const uid of this.#pods.podUids()) if (!podUids.has(uid)) this.release(uid)
  }

  /** Devices that a container has, by resource and with their NUMA nodes. */
  devicesOf(podUid: string, container: string): ReadonlyMap<string, readonly Device[]> {
    return new Map(
      [...this.#pods.of(podUid, container)].map(([resource, devices]) => [
        resource,
        [...deviceIds(devices)].map((id) => ({
          id,
          // Whose plugin has not come again is not known to be unwell.
          healthy: this.#registered.get(resource, id)?.healthy ?? true,
          nodes: [...devices.byNode].flatMap(([node, ids]) => (node >= 0 && ids.includes(id) ? [node] : [])),
        })),
      ]),
    )
  }

  /** All devices that are well. */
  healthyDevices(): ReadonlyMap<string, readonly Device[]> {
    return new Map(
      this.#registered
        .resources()
        .map((resource) => [resource, this.#registered.of(resource).filter(({ healthy }) => healthy)]),
    )
  }

  #hints(requests: ReadonlyMap<string, number>, ownDevices: (resource: string) => OwnDevices): ResourceHints {
    const hints = new Map<string, readonly TopologyHint[] | undefined>()
    for (const [resource, size] of requests)
      if (this.#isOurs(resource)) hints.set(resource, this.#hintsOf(resource, size, ownDevices(resource)))
    return hints
  }

  #hintsOf(
    resource: string,
    size: number,
    { has, reusable }: OwnDevices,
  ): readonly TopologyHint[] | undefined {
    const all = this.#registered.of(resource)
    if (!all.some(({ nodes }) => nodes.length > 0)) return undefined
    const devices = new Map(all.map((device) => [device.id, device]))
    const request = { devices, size, machineNodes: this.#options.nodes }
    if (has.size > 0)
      return has.size === size ? deviceHints({ ...request, available: has, reusable: new Set() }) : []
    const available = this.#available(resource)
    const isEnough = new Set([...available, ...reusable]).size >= size
    return isEnough ? deviceHints({ ...request, available, reusable }) : []
  }

  async #allocate(
    pod: Pod,
    container: Container,
    reusable: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<void> {
    const podUid = pod.metadata?.uid ?? ''
    let changed = false
    for (const [resource, size] of deviceRequests(container)) {
      if (isClaimed(pod, container.name, resource) || !this.#isOurs(resource)) continue
      if (!this.#needs(podUid, container.name, resource, size)) continue
      const ids = await chooseDevices({
        ...{ resource, size, devices: this.#registered.of(resource), available: this.#available(resource) },
        reusable: reusable.get(resource) ?? new Set(),
        affinity: this.#options.affinity(podUid, container.name).affinity,
        preferred: (available, mustInclude) =>
          this.#registered.preferred(resource, available, mustInclude, size),
      })
      const allocation = await this.#registered.allocate(resource, ids)
      const byNode = devicesByNode(
        ids.map((id) => ({ id, nodes: this.#registered.get(resource, id)?.nodes ?? [] })),
      )
      this.#pods.set(podUid, container.name, resource, { byNode, allocation })
      changed = true
    }
    if (changed) await this.#writer.write()
  }

  /** False where a container has what it asks for. Throws an Error where it could not have it, or not any more. */
  #needs(podUid: string, container: string, resource: string, size: number): boolean {
    const own = this.#pods.get(podUid, container, resource)
    const has = own === undefined ? new Set<string>() : deviceIds(own)
    if (own !== undefined && has.size !== size)
      throw new Error(
        `pod "${podUid}" container "${container}" changed request for resource "${resource}" from ${has.size} to ${size}`,
      )
    if (!this.#registered.has(resource)) throw new Error(`cannot allocate unregistered device ${resource}`)
    const healthy = this.#registered.healthy(resource)
    if (healthy.size === 0)
      throw new Error(`no healthy devices present; cannot allocate unhealthy devices ${resource}`)
    if (![...has].every((id) => healthy.has(id)))
      throw new Error(
        `previously allocated devices are no longer healthy; cannot allocate unhealthy devices ${resource}`,
      )
    return own === undefined && size > 0
  }

  async #preStart(podUid: string, container: string, resource: string): Promise<void> {
    if (!this.#registered.wantsPreStart(resource)) return
    const own = this.#pods.get(podUid, container, resource)
    if (own === undefined)
      throw new Error(
        `no devices found allocated in local cache for pod ${podUid}, container ${container}, resource ${resource}`,
      )
    await this.#registered.preStart(resource, [...deviceIds(own)])
  }

  #isOurs(resource: string): boolean {
    return this.#registered.has(resource) || this.#pods.allocated().has(resource)
  }

  #available(resource: string): ReadonlySet<string> {
    const taken = this.#pods.allocated().get(resource) ?? new Set()
    return new Set([...this.#registered.healthy(resource)].filter((id) => !taken.has(id)).sort())
  }

  #save(): void {
    this.#writer.write().catch((error: unknown) => {
      const why = { error: messageOf(error) }
      this.#options.logger.error('which pods have which devices could not be kept', why)
    })
  }
}
