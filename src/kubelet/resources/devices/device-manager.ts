import type { core } from '../../../api/generated/types/index.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { ResourceList } from '../../node/allocatable/reservations.ts'
import type { StateStore } from '../../state/state-store.ts'
import { StateWriter } from '../../state/state-writer.ts'
import type { AffinityStore, HintProvider, ResourceHints, TopologyHint } from '../topology/hint.ts'
import { byAffinity } from './choose-devices.ts'
import { deviceCheckpoint, parseDeviceCheckpoint } from './device-checkpoint.ts'
import { deviceHints } from './device-hints.ts'
import type {
  AllocationCodec,
  Device,
  DeviceAllocation,
  DevicePlugin,
  DevicePluginOptions,
} from './device-plugin.ts'
import { deviceIds, PodDevices } from './pod-devices.ts'

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

interface Endpoint {
  /** Undefined for one that is known from before this agent. */
  readonly plugin?: DevicePlugin
  readonly options?: DevicePluginOptions
  /** Since when its plugin is gone. */
  stoppedMs?: number
}

/** For how long a resource whose plugin is gone is still shown, with no device to be had; upstream's. */
const stopGraceMs = 5 * 60_000
const withoutTopology = -1

/** How many devices of each resource a container asks for: requests are limits. */
const requestsOf = ({ resources }: Container): ReadonlyMap<string, number> =>
  new Map(Object.entries(resources?.limits ?? {}).map(([name, text]) => [name, quantityUnits(text)]))

/** What the scheduler gave a pod from ResourceSlices under the name of an extended resource. */
const isClaimed = (pod: Pod, container: string, resource: string): boolean =>
  (pod.status?.extendedResourceClaimStatus?.requestMappings ?? []).some(
    (mapping) => mapping.containerName === container && mapping.resourceName === resource,
  )

/** Devices of plugins: who has them, and who may. One call at a time allocates. */
export class DeviceManager implements HintProvider {
  readonly #options: DeviceManagerOptions
  readonly #writer: StateWriter
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #devices = new Map<string, ReadonlyMap<string, Device>>()
  #pods = new PodDevices()
  /** What init containers of the pod that is being admitted leave to those after them. */
  #reusable: { podUid: string; readonly devices: Map<string, Set<string>> } = {
    podUid: '',
    devices: new Map(),
  }

  constructor(options: DeviceManagerOptions) {
    this.#options = options
    this.#writer = new StateWriter(options.store, () =>
      deviceCheckpoint(
        {
          podDevices: this.#pods,
          registered: new Map([...this.#devices.keys()].map((name) => [name, [...this.#healthy(name)]])),
        },
        options.codec,
      ),
    )
  }

  /** Takes up what the last agent left. Its plugins have to come again before anything new is had of them. */
  async load(): Promise<void> {
    const { store, codec, logger, now } = this.#options
    try {
      const text = await store?.load()
      if (text === undefined) return
      const { podDevices, registered } = parseDeviceCheckpoint(text, codec)
      this.#pods = podDevices
      for (const resource of registered.keys()) {
        this.#devices.set(resource, new Map())
        this.#endpoints.set(resource, { stoppedMs: now() })
      }
    } catch (error) {
      logger.error('which pods have which devices could not be read', { error: messageOf(error) })
    }
  }

  connected(resource: string, plugin: DevicePlugin, options: DevicePluginOptions): void {
    this.#endpoints.set(resource, { plugin, options })
  }

  /** Only where that plugin is still the resource's: another may have taken its place. */
  disconnected(resource: string, plugin: DevicePlugin): void {
    const endpoint = this.#endpoints.get(resource)
    if (endpoint?.plugin !== plugin) return
    endpoint.stoppedMs = this.#options.now()
    const sick = [...(this.#devices.get(resource)?.values() ?? [])].map((device) => ({
      ...device,
      healthy: false,
    }))
    this.#devices.set(resource, new Map(sick.map((device) => [device.id, device])))
    this.#options.onChange()
  }

  /** All devices that a plugin has now. */
  listed(resource: string, devices: readonly Device[]): void {
    this.#devices.set(resource, new Map(devices.map((device) => [device.id, device])))
    this.#save()
    this.#options.onChange()
  }

  /** What the node shows of resources: those with no device any more are shown as none. */
  amounts(): { readonly capacity: ResourceList; readonly allocatable: ResourceList } {
    const capacity: Record<string, string> = {}
    const allocatable: Record<string, string> = {}
    let forgot = false
    for (const [resource, devices] of this.#devices) {
      const { stoppedMs } = this.#endpoints.get(resource) ?? {}
      const gone = stoppedMs !== undefined && this.#options.now() - stoppedMs > stopGraceMs
      capacity[resource] = gone ? '0' : String(devices.size)
      allocatable[resource] = gone ? '0' : String(this.#healthy(resource).size)
      if (!gone) continue
      forgot = true
      this.#devices.delete(resource)
      this.#endpoints.delete(resource)
    }
    if (forgot) this.#save()
    return { capacity, allocatable }
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
    const reusable = this.#reusable.podUid === pod.metadata?.uid ? this.#reusable.devices : new Map()
    return this.#hints(requestsOf(container), (resource) => {
      const own = this.#pods.get(pod.metadata?.uid ?? '', container.name, resource)
      return {
        has: own === undefined ? new Set() : deviceIds(own),
        reusable: reusable.get(resource) ?? new Set(),
      }
    })
  }

  podHints(pod: Pod): ResourceHints {
    const resources = new Set(
      [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].flatMap((each) => [
        ...requestsOf(each).keys(),
      ]),
    )
    const requests = [...resources].map((name) => [name, podDeviceRequest(pod, name)] as const)
    return this.#hints(new Map(requests), (resource) => ({
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
    for (const [resource, size] of requestsOf(container)) {
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

  /** Devices that a container has, by resource and with their NUMA nodes; for the pod-resources API. */
  devicesOf(podUid: string, container: string): ReadonlyMap<string, readonly Device[]> {
    return new Map(
      [...this.#pods.of(podUid, container)].map(([resource, devices]) => [
        resource,
        [...deviceIds(devices)].map((id) => ({
          id,
          // Whose plugin has not come again is not known to be unwell.
          healthy: this.#devices.get(resource)?.get(id)?.healthy ?? true,
          nodes: [...devices.byNode].flatMap(([node, ids]) => (node >= 0 && ids.includes(id) ? [node] : [])),
        })),
      ]),
    )
  }

  /** All devices that are well. */
  healthyDevices(): ReadonlyMap<string, readonly Device[]> {
    return new Map(
      [...this.#devices].map(([resource, devices]) => [
        resource,
        [...devices.values()].filter(({ healthy }) => healthy),
      ]),
    )
  }

  #hints(
    requests: ReadonlyMap<string, number>,
    state: (resource: string) => {
      readonly has: ReadonlySet<string>
      readonly reusable: ReadonlySet<string>
    },
  ): ResourceHints {
    const hints = new Map<string, readonly TopologyHint[] | undefined>()
    for (const [resource, size] of requests) {
      if (!this.#isOurs(resource)) continue
      const devices = this.#devices.get(resource) ?? new Map<string, Device>()
      const { has, reusable } = state(resource)
      const make = (available: ReadonlySet<string>, again: ReadonlySet<string>): readonly TopologyHint[] =>
        deviceHints({ devices, available, reusable: again, size, machineNodes: this.#options.nodes })
      if (![...devices.values()].some(({ nodes }) => nodes.length > 0)) hints.set(resource, undefined)
      else if (has.size > 0) hints.set(resource, has.size === size ? make(has, new Set()) : [])
      else {
        const available = this.#available(resource)
        const enough = new Set([...available, ...reusable]).size >= size
        hints.set(resource, enough ? make(available, reusable) : [])
      }
    }
    return hints
  }

  async #allocate(
    pod: Pod,
    container: Container,
    reusable: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<void> {
    const podUid = pod.metadata?.uid ?? ''
    let changed = false
    for (const [resource, size] of requestsOf(container)) {
      if (isClaimed(pod, container.name, resource) || !this.#isOurs(resource)) continue
      const place = { podUid, container: container.name, resource }
      const ids = await this.#choose(place, size, reusable.get(resource) ?? new Set())
      if (ids.length === 0) continue
      const plugin = this.#pluginOf(resource)
      if (plugin === undefined) throw new Error(`unknown Device Plugin ${resource}`)
      const allocation = await plugin.allocate(ids)
      if (allocation === undefined) throw new Error('no containers return in allocation response')
      this.#pods.set(podUid, container.name, resource, { byNode: this.#byNode(resource, ids), allocation })
      changed = true
    }
    if (changed) await this.#writer.write()
  }

  /** Devices to ask the plugin for; none where the container has what it needs. */
  async #choose(
    place: { readonly podUid: string; readonly container: string; readonly resource: string },
    size: number,
    reusable: ReadonlySet<string>,
  ): Promise<readonly string[]> {
    const { podUid, container, resource } = place
    const own = this.#pods.get(podUid, container, resource)
    const has = own === undefined ? new Set<string>() : deviceIds(own)
    if (own !== undefined && has.size !== size)
      throw new Error(
        `pod "${podUid}" container "${container}" changed request for resource "${resource}" from ${has.size} to ${size}`,
      )
    if (!this.#devices.has(resource)) throw new Error(`cannot allocate unregistered device ${resource}`)
    const healthy = this.#healthy(resource)
    if (healthy.size === 0)
      throw new Error(`no healthy devices present; cannot allocate unhealthy devices ${resource}`)
    if (![...has].every((id) => healthy.has(id)))
      throw new Error(
        `previously allocated devices are no longer healthy; cannot allocate unhealthy devices ${resource}`,
      )
    if (own !== undefined || size === 0) return []
    return this.#pick(place, size, reusable)
  }

  async #pick(
    {
      podUid,
      container,
      resource,
    }: { readonly podUid: string; readonly container: string; readonly resource: string },
    size: number,
    reusable: ReadonlySet<string>,
  ): Promise<readonly string[]> {
    const chosen = new Set([...reusable].slice(0, size))
    const take = (ids: Iterable<string>): boolean => {
      for (const id of ids) {
        if (chosen.size >= size) break
        chosen.add(id)
      }
      return chosen.size >= size
    }
    if (chosen.size >= size) return [...chosen]
    const available = this.#available(resource)
    const needed = size - chosen.size
    if (available.size < needed)
      throw new Error(
        `requested number of devices unavailable for ${resource}. Requested: ${needed}, Available: ${available.size}`,
      )
    const devices = [...(this.#devices.get(resource)?.values() ?? [])]
    const { affinity } = this.#options.affinity(podUid, container)
    const free = devices.filter(({ id }) => available.has(id))
    const { aligned, unaligned, indifferent } =
      affinity === undefined || !devices.some(({ nodes }) => nodes.length > 0)
        ? { aligned: [], unaligned: [], indifferent: [...available] }
        : byAffinity(free, affinity)
    const preferred = async (from: Iterable<string>): Promise<readonly string[]> => {
      const within = new Set(from)
      const ids = await this.#preferred(resource, [...new Set([...within, ...chosen])], [...chosen], size)
      return ids.filter((id) => within.has(id))
    }
    if (needed < aligned.length) {
      if (take(await preferred(aligned)) || take(aligned)) return [...chosen]
    } else if (take(aligned) || take(await preferred(available)) || take(unaligned) || take(indifferent))
      return [...chosen]
    throw new Error(
      `unexpectedly allocated less resources than required. Requested: ${size}, Got: ${chosen.size}`,
    )
  }

  async #preferred(
    resource: string,
    available: readonly string[],
    mustInclude: readonly string[],
    size: number,
  ): Promise<readonly string[]> {
    const endpoint = this.#endpoints.get(resource)
    if (endpoint === undefined)
      throw new Error(`endpoint not found in cache for a registered resource: ${resource}`)
    if (endpoint.options?.getPreferredAllocationAvailable !== true) return []
    try {
      return (await this.#pluginOf(resource)?.preferred(available, mustInclude, size)) ?? []
    } catch (error) {
      throw new Error(`device plugin GetPreferredAllocation rpc failed with err: ${messageOf(error)}`)
    }
  }

  async #preStart(podUid: string, container: string, resource: string): Promise<void> {
    const endpoint = this.#endpoints.get(resource)
    if (endpoint === undefined)
      throw new Error(`endpoint not found in cache for a registered resource: ${resource}`)
    if (endpoint.options?.preStartRequired !== true) return
    const own = this.#pods.get(podUid, container, resource)
    if (own === undefined)
      throw new Error(
        `no devices found allocated in local cache for pod ${podUid}, container ${container}, resource ${resource}`,
      )
    try {
      await this.#pluginOf(resource)?.preStart([...deviceIds(own)])
    } catch (error) {
      throw new Error(`device plugin PreStartContainer rpc failed with err: ${messageOf(error)}`)
    }
  }

  /** Throws where it is gone. */
  #pluginOf(resource: string): DevicePlugin | undefined {
    const endpoint = this.#endpoints.get(resource)
    if (endpoint?.stoppedMs !== undefined) throw new Error(`endpoint ${resource} has been stopped`)
    return endpoint?.plugin
  }

  #byNode(resource: string, ids: readonly string[]): ReadonlyMap<number, readonly string[]> {
    const byNode = new Map<number, string[]>()
    for (const id of ids) {
      const nodes = this.#devices.get(resource)?.get(id)?.nodes ?? []
      for (const node of nodes.length === 0 ? [withoutTopology] : nodes)
        byNode.set(node, [...(byNode.get(node) ?? []), id])
    }
    return byNode
  }

  #isOurs(resource: string): boolean {
    return this.#devices.has(resource) || this.#pods.allocated().has(resource)
  }

  #healthy(resource: string): ReadonlySet<string> {
    const devices = [...(this.#devices.get(resource)?.values() ?? [])]
    return new Set(devices.filter(({ healthy }) => healthy).map(({ id }) => id))
  }

  #available(resource: string): ReadonlySet<string> {
    const taken = this.#pods.allocated().get(resource) ?? new Set()
    return new Set([...this.#healthy(resource)].filter((id) => !taken.has(id)).sort())
  }

  #save(): void {
    this.#writer.write().catch((error: unknown) => {
      this.#options.logger.error('which pods have which devices could not be kept', {
        error: messageOf(error),
      })
    })
  }
}

/** The most that a pod's containers have of a resource at any time. */
function podDeviceRequest(pod: Pod, resource: string): number {
  const of = (container: Container): number => requestsOf(container).get(resource) ?? 0
  let sidecars = 0
  let starting = 0
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars += of(container)
    else starting = Math.max(starting, sidecars + of(container))
  }
  const regular = (pod.spec?.containers ?? []).reduce((sum, each) => sum + of(each), 0)
  return Math.max(starting, sidecars + regular)
}
