import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCidr } from '../apimachinery/ip-address.ts'
import { defaultNetwork, type NetworkOptions } from './options.ts'

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)

/** Where the pods' addresses come from when there are more nodes than the default has ranges for: up to 32,768 of /24. */
const wide = { address: '10.128.0.0', prefixBits: 9 }

/** How many ranges of nodes there are in the range of all pods. */
const roomFor = ({ podCidr, nodePodCidrBits }: NetworkOptions): number =>
  Math.floor(2 ** (nodePodCidrBits - (parseCidr(podCidr)?.prefixBits ?? nodePodCidrBits)))

/** The default, or as much of the wide range as the nodes need. */
function roomyNetwork(wanted: Partial<NetworkOptions>, nodes: number): NetworkOptions {
  const network = { ...defaultNetwork, ...wanted }
  if (wanted.podCidr !== undefined || roomFor(network) >= nodes) return network
  const prefixBits = Math.max(wide.prefixBits, network.nodePodCidrBits - Math.ceil(Math.log2(nodes)))
  return { ...network, podCidr: `${wide.address}/${prefixBits}` }
}

/** Throws where some of the nodes would never have addresses for their pods. */
function checkRoom(network: NetworkOptions, nodes: number): NetworkOptions {
  const { podCidr, nodePodCidrBits } = network
  if (roomFor(network) >= nodes) return network
  throw new Error(
    `${nodes} nodes do not fit into the pods' addresses: ${podCidr} has ${roomFor(network)} ranges of /${nodePodCidrBits}; a new cluster can be given a wider range (--pod-cidr) or smaller parts of it (--node-cidr-mask-size)`,
  )
}

/**
 * The network of a data directory: what its first start was told, which nobody has to repeat. Throws for an option
 * that contradicts it, since objects in the store have these addresses, and for more nodes than it has ranges for.
 */
export function networkOf(root: string, wanted: Partial<NetworkOptions> = {}, nodes = 1): NetworkOptions {
  return checkRoom(keptNetwork(root, wanted, nodes), nodes)
}

function keptNetwork(root: string, wanted: Partial<NetworkOptions>, nodes: number): NetworkOptions {
  const file = join(root, 'network.json')
  if (!existsSync(file)) {
    const network = checkRoom(roomyNetwork(wanted, nodes), nodes)
    writeFileSync(file, `${JSON.stringify(network, null, 2)}\n`)
    return network
  }
  const kept = { ...defaultNetwork, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<NetworkOptions>) }
  for (const [name, value] of Object.entries(wanted)) {
    const before = kept[name as keyof NetworkOptions]
    if (same(value, before)) continue
    throw new Error(
      `the cluster in ${root} was made with ${name} ${JSON.stringify(before)}, and cannot be given ${JSON.stringify(value)}`,
    )
  }
  return kept
}
