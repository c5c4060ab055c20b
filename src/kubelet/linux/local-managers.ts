import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../../client/client.ts'
import { allocationCodec } from '../plugin-sockets/allocation-codec.ts'
import { ClaimManager } from '../resources/claims/claim-manager.ts'
import { Drivers } from '../resources/claims/drivers.ts'
import { DeviceManager } from '../resources/devices/device-manager.ts'
import { NodeResourceManagers } from '../resources/resource-managers.ts'
import {
  TopologyManager,
  type TopologySettings,
  usualTopology,
} from '../resources/topology/topology-manager.ts'
import { numaNodes } from './machine/numa-nodes.ts'
import { stateFile } from './state-file.ts'

export interface LocalManagersOptions {
  readonly client: Client
  readonly nodeName: string
  readonly host: Host
  readonly logger: Logger
  readonly rootDirectory: string
  readonly topology?: TopologySettings
}

/** The resource managers of this machine. */
export interface LocalManagers {
  readonly all: NodeResourceManagers
  readonly devices: DeviceManager
  readonly drivers: Drivers
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
  topology.use([devices])
  const drivers = new Drivers({ client, host, logger, nodeName })
  const store = stateFile(join(rootDirectory, 'dra_manager_state'))
  const claims = new ClaimManager({ client, logger, store, drivers })
  await claims.load()
  const all = new NodeResourceManagers({ topology, devices, claims, host, logger })
  made.all = all
  return { all, devices, drivers }
}
