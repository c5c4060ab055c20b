import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../base/host/run-program.ts'
import { hostAddress, releaseHostAddress, takenRanges } from './nodes/host-address.ts'
import { freeSubnet, type NodeNetworks, planNodeNetworks } from './nodes/node-networks.ts'
import { clusterId } from './real-nodes/cluster-id.ts'
import { claimMachineNetwork, releaseMachineNetwork } from './real-nodes/machine-network.ts'
import { useAdministratorPath } from './system-packages.ts'

/** Where a cluster lives on this machine's networks. */
export interface Place {
  /** How nodes and pods reach the API server. */
  readonly address: string
  /** Present where nodes have network namespaces of their own. */
  readonly networks: NodeNetworks | undefined
  /** Takes back what finding it took; for when nothing of the cluster runs any more. */
  release(): Promise<void>
}

const nothing = async (): Promise<void> => {}

/** An address for documentation (RFC 5737): what a machine with nothing but loopback shows and nobody calls. */
const nowhere = '192.0.2.1'

/** The machine's first address; undefined where it has none but loopback. */
export function ownAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find((each) => each.family === 'IPv4' && !each.internal)?.address
}

/** The nodes' subnet, found once and kept: nodes keep their addresses over restarts. */
async function subnetOf(root: string): Promise<string> {
  const file = join(root, 'subnet')
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const start = Number.parseInt(clusterId(root).slice(0, 2), 16)
  const subnet = freeSubnet(await takenRanges(runProgram), start)
  if (subnet === undefined) throw new Error('no part of 10.89.0.0/16 is free for the nodes')
  writeFileSync(file, `${subnet}\n`)
  return subnet
}

/** Simulated nodes need no networks; a single real node is the machine itself. */
export async function findPlace(root: string, real: boolean, names: readonly string[]): Promise<Place> {
  if (!real) return { address: ownAddress() ?? nowhere, networks: undefined, release: nothing }
  useAdministratorPath()
  if (names.length === 1) {
    claimMachineNetwork(root)
    const address = await hostAddress(runProgram)
    const release = async (): Promise<void> => {
      await releaseHostAddress(address, runProgram)
      releaseMachineNetwork(root)
    }
    return { address, networks: undefined, release }
  }
  const networks = planNodeNetworks(clusterId(root), names, await subnetOf(root))
  return { address: networks.hostAddress, networks, release: nothing }
}
