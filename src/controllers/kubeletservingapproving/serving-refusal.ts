import type { core } from '../../api/generated/types/index.ts'
import { formatIp, type IpRange, isLoopbackIp, isWithin, parseIp } from '../../apimachinery/ip-address.ts'
import type { CertificateRequest } from '../../base/certificate-request.ts'

/** Whose addresses nobody else may serve at. */
export interface Surroundings {
  readonly nodes: readonly core.v1.Node[]
  readonly serviceRanges: readonly IpRange[]
  /** Of the API servers. */
  readonly serverAddresses: readonly string[]
}

const addressTypes: readonly string[] = ['InternalIP', 'ExternalIP']

function addressesOf({ status }: core.v1.Node): readonly string[] {
  const addresses = (status?.addresses ?? []).filter(({ type }) => addressTypes.includes(type ?? ''))
  return addresses.map(({ address = '' }) => canonical(address))
}

/** As everybody writes it. */
function canonical(text: string): string {
  const ip = parseIp(text)
  return ip === undefined ? text : formatIp(ip)
}

function addressText(octets: Uint8Array): string {
  const value = octets.reduce((before, octet) => (before << 8n) | BigInt(octet), 0n)
  return formatIp({ family: octets.length === 4 ? 4 : 6, value })
}

/** Why a node may not serve with what it asks for, in the cluster as it is now; undefined where it may. */
export function servingRefusal(
  nodeName: string,
  { dnsNames, ipAddresses }: CertificateRequest,
  { nodes, serviceRanges, serverAddresses }: Surroundings,
): string | undefined {
  const node = nodes.find(({ metadata }) => metadata?.name === nodeName)
  if (node === undefined) return `there is no node ${nodeName}`
  const strange = dnsNames.find((name) => name !== nodeName)
  if (strange !== undefined) return `${strange} is not the node's name`
  const own = new Set(addressesOf(node))
  const others = new Set([
    ...nodes.filter((each) => each !== node).flatMap(addressesOf),
    ...serverAddresses.map(canonical),
  ])
  for (const address of ipAddresses.map(addressText)) {
    if (!own.has(address)) return `${address} is not an address of the node`
    if (others.has(address)) return `${address} is an address of somebody else`
    const ip = parseIp(address)
    if (isLoopbackIp(address) || (ip !== undefined && isWithin(ip, serviceRanges)))
      return `${address} is no address for a node`
  }
  return undefined
}
