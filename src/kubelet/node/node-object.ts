import { isExtendedResource } from '../../api/core/resource-names.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { quantityUnits } from '../../apimachinery/quantity.ts'
import {
  defaultEviction,
  type EvictionSettings,
  type PressureCondition,
  quantityOf,
  type Signal,
} from '../eviction/thresholds.ts'
import type { ResourceRules } from '../pod/runtime-config/resource-rules.ts'
import type { PinningSettings } from '../resources/pinning-settings.ts'
import type { TopologySettings } from '../resources/topology/topology-manager.ts'
import type { Image, RuntimeStatus } from '../runtime/messages.ts'
import { capacityLess, keptTogether } from './allocatable/node-allocatable.ts'
import { type NodeReservations, noReservations, type ResourceList } from './allocatable/reservations.ts'
import { binaryQuantity, machineCapacity, withoutHugepages } from './capacity.ts'
import type { MachineInfo, MachineState } from './machine.ts'
import { nodeConditions } from './node-conditions.ts'

type Node = core.v1.Node
type NodeStatus = core.v1.NodeStatus

/** What an agent's configuration may change; upstream's defaults where absent. */
export interface NodeTuning {
  /** False: the node is somebody else's to make, and waited for. */
  readonly register?: boolean
  /** The pods' addresses, until the node says which. */
  readonly podCidr?: string
  /** How often the node's status is computed, and written though nothing has changed. */
  readonly statusEveryMs?: number
  readonly reportEveryMs?: number
  /** For how long a heartbeat counts. */
  readonly leaseSeconds?: number
  /** How many images the status lists; -1: all. */
  readonly maxImages?: number
  /** When pods are evicted. */
  readonly eviction?: EvictionSettings
  /** What of the machine is not for pods. */
  readonly reservations?: NodeReservations
  /** How many pods for each processor the node takes, if that is less than it takes anyway. */
  readonly podsPerCore?: number
  readonly resourceRules?: ResourceRules
  readonly topology?: TopologySettings
  readonly pinning?: PinningSettings
  readonly features?: Features
}

export interface NodeSettings extends NodeTuning {
  readonly nodeName: string
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly core.v1.Taint[]
  readonly maxPods: number
  /** Of the agent's HTTPS server; 0: none. */
  readonly port: number
  /** `v1.36.0`. */
  readonly version: string
}

export interface NodeView {
  readonly settings: NodeSettings
  readonly info: MachineInfo
  readonly state: MachineState
  /** `containerd://1.6.20`. */
  readonly runtimeVersion: string
  readonly runtime: RuntimeStatus
  readonly images: readonly Image[]
  readonly pressing: ReadonlySet<PressureCondition>
  /** Of devices: they go before what others have put into the node. */
  readonly extended: { readonly capacity: ResourceList; readonly allocatable: ResourceList }
  /** Why the node is not ready. */
  readonly errors: readonly string[]
  readonly previous: NodeStatus
  readonly nowMs: number
}

/** What pods may ask for that not every kubelet can do (KEP-5328); sorted. */
const declaredFeatures = [
  'InPlacePodLevelResourcesVerticalScaling',
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
]
const defaultMaxImages = 50
const maxImageNames = 5

/** What the node is registered with, but for its status. */
export function nodeObject(settings: NodeSettings, info: MachineInfo): Node {
  const { operatingSystem, architecture, hostname } = info
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: settings.nodeName,
      labels: {
        'kubernetes.io/hostname': hostname,
        'kubernetes.io/os': operatingSystem,
        'kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': operatingSystem,
        'beta.kubernetes.io/arch': architecture,
        ...settings.labels,
      },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: settings.taints.length > 0 ? { taints: settings.taints } : {},
  }
}

/** What hard eviction keeps pods from: not theirs to ask for. */
function kept({ eviction = defaultEviction }: NodeTuning, signal: Signal, capacity: number): number {
  const hard = eviction.thresholds.find((each) => each.signal === signal && each.graceMs === 0)
  return hard === undefined ? 0 : quantityOf(hard.value, capacity)
}

/** Extended resources are others' to say: what they have put into the node's capacity, pods may ask for. */
const extendedResources = ({ capacity = {} }: NodeStatus): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(capacity).filter(([name]) => isExtendedResource(name)))

/** What hard eviction keeps of capacity. */
export const evictionReservation = (settings: NodeTuning, capacity: ResourceList): ResourceList => ({
  memory: binaryQuantity(kept(settings, 'memory.available', quantityUnits(capacity['memory'] ?? '0'))),
  'ephemeral-storage': binaryQuantity(
    kept(settings, 'nodefs.available', quantityUnits(capacity['ephemeral-storage'] ?? '0')),
  ),
})

/** All that the node keeps from pods of its processors and memory. */
export function nodeReservation(tuning: NodeTuning, info: MachineInfo): ResourceList {
  const { system, kube } = tuning.reservations ?? noReservations
  const capacity = machineCapacity(info)
  return keptTogether(capacity, system, kube, evictionReservation(tuning, capacity))
}

function resources(view: NodeView): Pick<NodeStatus, 'capacity' | 'allocatable'> {
  const { info, state, settings } = view
  const { podsPerCore = 0, reservations = noReservations } = settings
  const pods = podsPerCore > 0 ? Math.min(podsPerCore * info.cpuCount, settings.maxPods) : settings.maxPods
  const own = {
    ...machineCapacity(info),
    pods: String(pods),
    'ephemeral-storage': binaryQuantity(state.nodeFs.bytes),
  }
  const { system, kube } = reservations
  const forPods = withoutHugepages(capacityLess(own, system, kube, evictionReservation(settings, own)))
  const extended = extendedResources(view.previous)
  return {
    capacity: { ...extended, ...view.extended.capacity, ...own },
    allocatable: { ...extended, ...view.extended.allocatable, ...forPods },
  }
}

function imageList(images: readonly Image[], most = defaultMaxImages): readonly core.v1.ContainerImage[] {
  return [...images]
    .sort((a, b) => b.size - a.size)
    .slice(0, most === -1 ? images.length : most)
    .map(({ repoDigests, repoTags, size }) => ({
      names: [...repoDigests, ...repoTags].slice(0, maxImageNames),
      sizeBytes: size,
    }))
}

/** What the runtime can do, as far as it says. */
function runtimeSupport({ handlers, features }: RuntimeStatus): Partial<NodeStatus> {
  const { supplementalGroupsPolicy } = features ?? {}
  return {
    ...(handlers.length > 0 ? { runtimeHandlers: handlers } : {}),
    ...(supplementalGroupsPolicy === undefined ? {} : { features: { supplementalGroupsPolicy } }),
  }
}

/** The node's status as the API shall show it. Pure. */
export function nodeStatus(view: NodeView): NodeStatus {
  const { info, settings, previous } = view
  const { addresses, hostname } = info
  return {
    ...previous,
    ...resources(view),
    conditions: nodeConditions(view.pressing, view.errors, previous.conditions ?? [], view.nowMs),
    addresses: [
      ...addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: hostname },
    ],
    ...(settings.port === 0 ? {} : { daemonEndpoints: { kubeletEndpoint: { Port: settings.port } } }),
    images: imageList(view.images, settings.maxImages),
    declaredFeatures,
    ...runtimeSupport(view.runtime),
    nodeInfo: {
      machineID: info.machineId,
      systemUUID: info.systemUuid,
      bootID: info.bootId,
      kernelVersion: info.kernelVersion,
      osImage: info.osImage,
      containerRuntimeVersion: view.runtimeVersion,
      kubeletVersion: settings.version,
      kubeProxyVersion: '',
      operatingSystem: info.operatingSystem,
      architecture: info.architecture,
      ...(info.swapBytes > 0 ? { swap: { capacity: info.swapBytes } } : {}),
    },
  }
}
