import { containsIp, formatIp, type IpRange, parseCidr } from '../../apimachinery/ip-address.ts'
import { assert } from '../../base/assert.ts'

/** A node that has a network namespace of its own on this machine. */
export interface NodeNamespace {
  readonly nodeName: string
  /** As `ip netns` lists it. */
  readonly namespace: string
  /** For `nsenter --net=PATH`. */
  readonly path: string
  /** The host's end of its wire; the node's own is `eth0`. */
  readonly hostInterface: string
  readonly address: string
}

/** The networks of a cluster whose nodes share this machine: all names come from the cluster's id, so that they are found after a crash. */
export interface NodeNetworks {
  readonly clusterId: string
  /** `10.89.7.0/24` */
  readonly subnet: string
  readonly bridge: string
  /** The host's address on the bridge: where nodes reach the API server, and their gateway. */
  readonly hostAddress: string
  readonly prefixBits: number
  readonly nodes: readonly NodeNamespace[]
}

/** Names of interfaces have at most 15 characters, of which this leaves some to their number. */
const idPattern = /^[a-z0-9]{1,7}$/

export const namespacePrefix = (clusterId: string): string => `timonel-${clusterId}-`
export const interfacePrefix = (clusterId: string): string => `tml${clusterId}n`
export const bridgeName = (clusterId: string): string => `tml${clusterId}`
export const tableName = (clusterId: string): string => `timonel-${clusterId}`

/** `subnet` has room for the host and all nodes. Pure. */
export function planNodeNetworks(
  clusterId: string,
  nodeNames: readonly string[],
  subnet: string,
): NodeNetworks {
  assert(idPattern.test(clusterId), `a cluster's id is ${clusterId}`)
  const range = parseCidr(subnet)
  assert(range !== undefined && range.base.family === 4, `the nodes' subnet is ${subnet}`)
  assert(nodeNames.length + 3 <= 2 ** (32 - range.prefixBits), `${subnet} is too small for the nodes`)
  const addressAt = (index: number): string =>
    formatIp({ ...range.base, value: range.base.value + BigInt(index) })
  return {
    clusterId,
    subnet,
    bridge: bridgeName(clusterId),
    hostAddress: addressAt(1),
    prefixBits: range.prefixBits,
    nodes: nodeNames.map((nodeName, index) => ({
      nodeName,
      namespace: `${namespacePrefix(clusterId)}${nodeName}`,
      path: `/run/netns/${namespacePrefix(clusterId)}${nodeName}`,
      hostInterface: `${interfacePrefix(clusterId)}${index + 1}`,
      address: addressAt(index + 2),
    })),
  }
}

const overlaps = (a: IpRange, b: IpRange): boolean => containsIp(a, b.base) || containsIp(b, a.base)

/** Of `10.89.0.0/16`, the first /24 from `start` on that none of `taken` (the host's routes) touches. Pure. */
export function freeSubnet(taken: readonly string[], start: number): string | undefined {
  const ranges = taken.map((text) => parseCidr(text)).filter((range) => range !== undefined)
  for (let i = 0; i < 256; i++) {
    const subnet = `10.89.${(start + i) % 256}.0/24`
    const range = parseCidr(subnet)
    if (range !== undefined && !ranges.some((other) => overlaps(range, other))) return subnet
  }
  return undefined
}
