import { createHash } from 'node:crypto'
import { formatCidr, parseCidr } from '../../apimachinery/ip-address.ts'
import type { RunProgram } from '../../base/host/run-program.ts'
import { takenRanges } from './host-address.ts'
import { bridgeName, freeSubnet } from './node-networks.ts'

/** The part of `ip -j address` that matters. */
interface ListedLink {
  readonly addr_info?: readonly {
    readonly family?: string
    readonly local?: string
    readonly prefixlen?: number
  }[]
}

async function subnetOfBridge(clusterId: string, run: RunProgram): Promise<string | undefined> {
  try {
    const output = await run('ip', ['-j', '-4', 'address', 'show', 'dev', bridgeName(clusterId)])
    const [link]: readonly ListedLink[] = JSON.parse(output)
    const address = link?.addr_info?.find(({ family }) => family === 'inet')
    const range = address === undefined ? undefined : parseCidr(`${address.local}/${address.prefixlen}`)
    return range === undefined ? undefined : formatCidr(range)
  } catch {
    return undefined
  }
}

/**
 * A subnet for a cluster's nodes that this machine does not use: its bridge's where it is still there, else
 * one that follows from the cluster's id, so that it stays the same as long as it can.
 */
export async function chooseSubnet(clusterId: string, run: RunProgram): Promise<string> {
  const existing = await subnetOfBridge(clusterId, run)
  if (existing !== undefined) return existing
  const start = createHash('sha256').update(clusterId).digest()[0] ?? 0
  const subnet = freeSubnet(await takenRanges(run), start)
  if (subnet === undefined) throw new Error('all of 10.89.0.0/16 is in use on this machine: choose a subnet')
  return subnet
}
