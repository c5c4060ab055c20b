import type { DeviceAllocation } from './device-plugin.ts'

/** Devices of one resource that a container has. */
export interface ContainerDevices {
  /** By NUMA node; -1 for those that are near none. */
  readonly byNode: ReadonlyMap<number, readonly string[]>
  readonly allocation: DeviceAllocation
}

export const deviceIds = ({ byNode }: ContainerDevices): ReadonlySet<string> =>
  new Set([...byNode.values()].flat())

/** Which containers have which devices. */
export class PodDevices {
  readonly #pods = new Map<string, Map<string, Map<string, ContainerDevices>>>()

  hasPod(podUid: string): boolean {
    return this.#pods.has(podUid)
  }

  podUids(): readonly string[] {
    return [...this.#pods.keys()]
  }

  set(podUid: string, container: string, resource: string, devices: ContainerDevices): void {
    const pod = this.#pods.get(podUid) ?? new Map<string, Map<string, ContainerDevices>>()
    const own = pod.get(container) ?? new Map<string, ContainerDevices>()
    this.#pods.set(podUid, pod.set(container, own.set(resource, devices)))
  }

  delete(podUid: string): boolean {
    return this.#pods.delete(podUid)
  }

  /** By resource. */
  of(podUid: string, container: string): ReadonlyMap<string, ContainerDevices> {
    return this.#pods.get(podUid)?.get(container) ?? new Map()
  }

  get(podUid: string, container: string, resource: string): ContainerDevices | undefined {
    return this.#pods.get(podUid)?.get(container)?.get(resource)
  }

  /** Devices of a resource that any container of a pod has. */
  ofPod(podUid: string, resource: string): ReadonlySet<string> {
    const containers = [...(this.#pods.get(podUid)?.values() ?? [])]
    return new Set(containers.flatMap((own) => [...deviceIds(own.get(resource) ?? nothing)]))
  }

  /** Devices that are somebody's, by resource. */
  allocated(): ReadonlyMap<string, ReadonlySet<string>> {
    const all = new Map<string, Set<string>>()
    for (const { resource, devices } of this.entries()) {
      const ids = all.get(resource) ?? new Set<string>()
      for (const id of deviceIds(devices)) ids.add(id)
      all.set(resource, ids)
    }
    return all
  }

  *entries(): Generator<{
    readonly podUid: string
    readonly container: string
    readonly resource: string
    readonly devices: ContainerDevices
  }> {
    for (const [podUid, containers] of this.#pods)
      for (const [container, resources] of containers)
        for (const [resource, devices] of resources) yield { podUid, container, resource, devices }
  }
}

const nothing: ContainerDevices = {
  byNode: new Map(),
  allocation: { envs: {}, mounts: [], devices: [], annotations: {}, cdiDevices: [] },
}
