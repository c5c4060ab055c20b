import { messageOf } from '../../../base/message-of.ts'
import type { ResourceList } from '../../node/allocatable/reservations.ts'
import type { Device, DeviceAllocation, DevicePlugin, DevicePluginOptions } from './device-plugin.ts'

interface Endpoint {
  /** Undefined for one that is known from before this agent. */
  readonly plugin?: DevicePlugin
  readonly options?: DevicePluginOptions
  /** Since when its plugin is gone. */
  readonly stoppedMs?: number
}

/** For how long a resource whose plugin is gone is still shown, with no device to be had; upstream's. */
const stopGraceMs = 5 * 60_000

/** The plugins of a node and the devices that they have, by resource. */
export class RegisteredDevices {
  readonly #now: () => number
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #devices = new Map<string, ReadonlyMap<string, Device>>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** The last agent had a plugin for it. Nothing is to be had of it until that has come again. */
  restore(resource: string): void {
    this.#devices.set(resource, new Map())
    this.#endpoints.set(resource, { stoppedMs: this.#now() })
  }

  connected(resource: string, plugin: DevicePlugin, options: DevicePluginOptions): void {
    this.#endpoints.set(resource, { plugin, options })
  }

  /** Its devices are not well any more. False where another plugin has taken its place. */
  disconnected(resource: string, plugin: DevicePlugin): boolean {
    const endpoint = this.#endpoints.get(resource)
    if (endpoint?.plugin !== plugin) return false
    this.#endpoints.set(resource, { ...endpoint, stoppedMs: this.#now() })
    this.listed(
      resource,
      this.of(resource).map((device) => ({ ...device, healthy: false })),
    )
    return true
  }

  listed(resource: string, devices: readonly Device[]): void {
    this.#devices.set(resource, new Map(devices.map((device) => [device.id, device])))
  }

  has(resource: string): boolean {
    return this.#devices.has(resource)
  }

  get(resource: string, id: string): Device | undefined {
    return this.#devices.get(resource)?.get(id)
  }

  of(resource: string): readonly Device[] {
    return [...(this.#devices.get(resource)?.values() ?? [])]
  }

  healthy(resource: string): ReadonlySet<string> {
    return new Set(this.of(resource).flatMap(({ id, healthy }) => (healthy ? [id] : [])))
  }

  resources(): readonly string[] {
    return [...this.#devices.keys()]
  }

  /** What the node shows of resources: one whose plugin is gone for long is shown with none. */
  amounts(): { readonly capacity: ResourceList; readonly allocatable: ResourceList } {
    const shown = (count: (resource: string) => number): ResourceList =>
      Object.fromEntries(
        this.resources().map((name) => [name, this.#isGone(name) ? '0' : String(count(name))]),
      )
    return {
      capacity: shown((resource) => this.of(resource).length),
      allocatable: shown((resource) => this.healthy(resource).size),
    }
  }

  /** False where there was nothing to forget. */
  forgetGone(): boolean {
    const gone = this.resources().filter((resource) => this.#isGone(resource))
    for (const resource of gone) {
      this.#devices.delete(resource)
      this.#endpoints.delete(resource)
    }
    return gone.length > 0
  }

  /** Rejects in upstream's words where the plugin is gone, or cannot. */
  async allocate(resource: string, ids: readonly string[]): Promise<DeviceAllocation> {
    const plugin = this.#plugin(resource)
    if (plugin === undefined) throw new Error(`unknown Device Plugin ${resource}`)
    const allocation = await plugin.allocate(ids)
    if (allocation === undefined) throw new Error('no containers return in allocation response')
    return allocation
  }

  /** None where the plugin does not care. */
  async preferred(
    resource: string,
    available: readonly string[],
    mustInclude: readonly string[],
    size: number,
  ): Promise<readonly string[]> {
    if (this.#options(resource)?.getPreferredAllocationAvailable !== true) return []
    try {
      return (await this.#plugin(resource)?.preferred(available, mustInclude, size)) ?? []
    } catch (error) {
      throw new Error(`device plugin GetPreferredAllocation rpc failed with err: ${messageOf(error)}`)
    }
  }

  /** Whether the plugin wants to know of containers that start. Throws where nobody is known for the resource. */
  wantsPreStart(resource: string): boolean {
    return this.#options(resource)?.preStartRequired === true
  }

  async preStart(resource: string, ids: readonly string[]): Promise<void> {
    try {
      await this.#plugin(resource)?.preStart(ids)
    } catch (error) {
      throw new Error(`device plugin PreStartContainer rpc failed with err: ${messageOf(error)}`)
    }
  }

  #isGone(resource: string): boolean {
    const { stoppedMs } = this.#endpoints.get(resource) ?? {}
    return stoppedMs !== undefined && this.#now() - stoppedMs > stopGraceMs
  }

  #options(resource: string): DevicePluginOptions | undefined {
    const endpoint = this.#endpoints.get(resource)
    if (endpoint === undefined)
      throw new Error(`endpoint not found in cache for a registered resource: ${resource}`)
    return endpoint.options
  }

  /** Throws where it is gone. */
  #plugin(resource: string): DevicePlugin | undefined {
    const endpoint = this.#endpoints.get(resource)
    if (endpoint?.stoppedMs !== undefined) throw new Error(`endpoint ${resource} has been stopped`)
    return endpoint?.plugin
  }
}
