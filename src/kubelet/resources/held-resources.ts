import type { core } from '../../api/generated/types/index.ts'
import type { ClaimState } from './claims/claim-state.ts'
import type { Device } from './devices/device-plugin.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

interface NumaTopology {
  readonly nodes: readonly { readonly ID: number }[]
}

/** Memory of one kind from some NUMA nodes, in bytes. */
export interface HeldMemory {
  readonly memoryType: string
  readonly size: number
  readonly nodes: readonly number[]
}

/** What of the machine somebody has, or could have. */
export interface HeldResources {
  readonly devices: ReadonlyMap<string, readonly Device[]>
  readonly cpus: readonly number[]
  readonly memory: readonly HeldMemory[]
  readonly claims: readonly ClaimState[]
}

const topology = (nodes: readonly number[]): { readonly topology?: NumaTopology } =>
  nodes.length === 0 ? {} : { topology: { nodes: nodes.map((ID) => ({ ID })) } }

/** Under the names of the pod-resources API (podresources v1). */
export const resourcesMessage = ({ devices, cpus, memory }: Omit<HeldResources, 'claims'>) => ({
  devices: [...devices].flatMap(([resourceName, list]) =>
    list.map(({ id, nodes }) => ({ resourceName, deviceIds: [id], ...topology(nodes) })),
  ),
  cpuIds: cpus,
  memory: memory.map(({ memoryType, size, nodes }) => ({ memoryType, size, ...topology(nodes) })),
})

/** Devices of drivers, claim by claim. */
const claimsMessage = (claims: readonly ClaimState[]) =>
  claims.map(({ name, namespace, devices }) => ({
    claimName: name,
    claimNamespace: namespace,
    claimResources: [...devices].flatMap(([driverName, list]) =>
      list.map(({ cdiDeviceIds, poolName, deviceName, shareId = '' }) => ({
        cdiDevices: cdiDeviceIds.map((id) => ({ name: id })),
        ...{ driverName, poolName, deviceName, shareId },
      })),
    ),
  }))

/** What each container of a pod has that runs as long as the pod. */
export const podResourcesMessage = (pod: Pod, heldBy: (pod: Pod, container: Container) => HeldResources) => ({
  name: pod.metadata?.name ?? '',
  namespace: pod.metadata?.namespace ?? '',
  containers: [
    ...(pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
    ...(pod.spec?.containers ?? []),
  ].map((container) => {
    const held = heldBy(pod, container)
    return { name: container.name, ...resourcesMessage(held), dynamicResources: claimsMessage(held.claims) }
  }),
})
