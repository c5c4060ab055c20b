import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { quantityMilli } from '../../apimachinery/quantity.ts'
import { defined } from '../../base/defined.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Client } from '../../client/client.ts'
import type { ResourceList } from '../node/allocatable/reservations.ts'
import { allocationCodec } from '../plugin-sockets/allocation-codec.ts'
import { ClaimManager } from '../resources/claims/claim-manager.ts'
import { Drivers } from '../resources/claims/drivers.ts'
import { CpuManager } from '../resources/cpu/cpu-manager.ts'
import { cpuMetrics } from '../resources/cpu/cpu-metrics.ts'
import { cpuSetText, noCpus } from '../resources/cpu/cpu-set.ts'
import { cpuTopology } from '../resources/cpu/cpu-topology.ts'
import { checkMachine } from '../resources/cpu/policy-options.ts'
import { reservedCpus } from '../resources/cpu/take-by-options.ts'
import { DeviceManager } from '../resources/devices/device-manager.ts'
import { MemoryManager } from '../resources/memory/memory-manager.ts'
import { memoryMetrics } from '../resources/memory/memory-metrics.ts'
import { checkAgainstMachine, freeMemory } from '../resources/memory/reserved-memory.ts'
import { type PinningSettings, usualPinning } from '../resources/pinning-settings.ts'
import { NodeResourceManagers } from '../resources/resource-managers.ts'
import { RestoreError } from '../resources/restored-state.ts'
import {
  TopologyManager,
  type TopologySettings,
  usualTopology,
} from '../resources/topology/topology-manager.ts'
import { cpuPlaces } from './machine/cpu-places.ts'
import { numaMemory } from './machine/numa-memory.ts'
import { numaNodes } from './machine/numa-nodes.ts'
import { stateFile } from './state-file.ts'

export interface LocalManagersOptions {
  readonly client: Client
  readonly nodeName: string
  readonly host: Host
  readonly logger: Logger
  readonly rootDirectory: string
  readonly topology?: TopologySettings
  readonly pinning?: PinningSettings
  /** All that the node keeps from pods. */
  readonly kept: ResourceList
  readonly memoryBytes: number
  readonly metrics?: Metrics
  readonly features?: Features
}

/** The resource managers of this machine. */
export interface LocalManagers {
  readonly all: NodeResourceManagers
  readonly devices: DeviceManager
  readonly drivers: Drivers
  readonly cpus: CpuManager
}

async function loaded(
  what: 'CPU' | 'memory',
  path: string,
  manager: { load(): Promise<void> },
): Promise<void> {
  try {
    await manager.load()
  } catch (error) {
    const text =
      error instanceof RestoreError
        ? `could not restore state from checkpoint: ${error.message}, please drain this node and delete the ${what} manager checkpoint file ${goQuote(path)} before restarting Kubelet`
        : messageOf(error)
    throw new Error(`start ${what.toLowerCase()} manager error: ${text}`)
  }
}

async function cpuManager(
  options: LocalManagersOptions,
  { affinity, policy: topologyPolicy }: TopologyManager,
): Promise<CpuManager> {
  const { logger, rootDirectory, pinning = usualPinning, kept, metrics } = options
  const { cpuPolicy: policy, cpuOptions } = pinning
  const topology = cpuTopology(await cpuPlaces())
  const named = pinning.reservedCpus
  if (!named.isSubsetOf(topology.cpus))
    throw new Error(
      `reserved-cpus: ${cpuSetText(named)} is not a subset of online-cpus: ${cpuSetText(topology.cpus)}`,
    )
  checkMachine(cpuOptions, topology, topologyPolicy)
  const reserved =
    policy === 'none' ? noCpus : reservedCpus(topology, cpuOptions, named, quantityMilli(kept['cpu'] ?? '0'))
  const path = join(rootDirectory, 'cpu_manager_state')
  const manager = new CpuManager({
    ...{ topology, policy, options: cpuOptions, reserved, affinity, logger, store: stateFile(path) },
    ...(metrics === undefined || policy === 'none' ? {} : { metrics: cpuMetrics(metrics, topology) }),
  })
  await loaded('CPU', path, manager)
  return manager
}

async function memoryManager(
  options: LocalManagersOptions,
  { affinity }: TopologyManager,
  nodes: Iterable<number>,
): Promise<MemoryManager> {
  const { logger, rootDirectory, pinning = usualPinning, kept, memoryBytes, metrics } = options
  const { memoryPolicy: policy, reservedMemory } = pinning
  const machine = await numaMemory(nodes, memoryBytes)
  if (policy === 'Static') checkAgainstMachine(reservedMemory, machine, kept)
  const path = join(rootDirectory, 'memory_manager_state')
  const manager = new MemoryManager({
    ...{ policy, affinity, logger, store: stateFile(path), free: freeMemory(machine, reservedMemory) },
    ...(metrics === undefined || policy === 'None' ? {} : { metrics: memoryMetrics(metrics) }),
  })
  await loaded('memory', path, manager)
  return manager
}

/** With what the last agent left. Rejects where the machine is not for what is configured. */
export async function localManagers(options: LocalManagersOptions): Promise<LocalManagers> {
  const { client, nodeName, host, logger, rootDirectory } = options
  const nodes = await numaNodes()
  const topology = new TopologyManager({ ...(options.topology ?? usualTopology), nodes })
  const pluginDirectory = join(rootDirectory, 'device-plugins')
  await mkdir(pluginDirectory, { recursive: true, mode: 0o750 })
  const made: { all?: NodeResourceManagers } = {}
  const devices = new DeviceManager({
    logger,
    now: () => host.now(),
    store: stateFile(join(pluginDirectory, 'kubelet_internal_checkpoint')),
    codec: allocationCodec(),
    nodes: [...nodes.keys()],
    affinity: topology.affinity,
    onChange: () => made.all?.changed(),
  })
  await devices.load()
  const cpus = await cpuManager(options, topology)
  const memory = await memoryManager(options, topology, nodes.keys())
  topology.use([devices, cpus, memory])
  const drivers = new Drivers({ client, host, logger, nodeName })
  const store = stateFile(join(rootDirectory, 'dra_manager_state'))
  const claims = new ClaimManager({ client, logger, store, drivers })
  await claims.load()
  const all = new NodeResourceManagers({
    ...{ topology, devices, cpus, memory, claims, host, logger },
    ...defined({ features: options.features }),
  })
  made.all = all
  return { all, devices, drivers, cpus }
}
