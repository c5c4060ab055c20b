import type { core, networking } from '../../api/generated/types/index.ts'
import type { Identities } from '../rest/identities.ts'
import type { Claim } from '../write-allocator.ts'
import { nodePortsOf } from './node-ports.ts'
import { addressClaim, addressPrefix, clusterIpsOf, portClaim, portPrefix } from './service-claims.ts'

type Service = core.v1.Service
type Address = networking.v1.IPAddress

/** What claims there are and what should be; times in milliseconds. */
export interface RepairInput {
  readonly services: readonly Service[]
  readonly addresses: readonly Address[]
  /** Of ports: what is claimed, and in which revision. */
  readonly ports: ReadonlyMap<number, number>
  readonly nowMs: number
  readonly identities: Identities
}

export interface Repair {
  readonly missing: readonly Claim[]
  /** With the revision that they must still have. */
  readonly leaked: readonly { readonly key: string; readonly revision: number }[]
}

/** Upstream's: who has just claimed an address may be about to write the service. */
const graceMs = 60_000
const managedBy = 'ipaddress.kubernetes.io/managed-by'

const isOurs = ({ metadata }: Address): boolean => metadata?.labels?.[managedBy] === 'ipallocator.k8s.io'

const keyOf = (namespace = '', name = ''): string => `${namespace}/${name}`

function isLeaked(address: Address, holders: ReadonlyMap<string, string>, nowMs: number): boolean {
  const { name = '', creationTimestamp } = address.metadata ?? {}
  const { group = '', resource = '', namespace, name: parent } = address.spec?.parentRef ?? {}
  if (group !== '' || resource !== 'services') return true
  if (holders.get(name) === keyOf(namespace, parent)) return false
  return nowMs - Date.parse(creationTimestamp ?? '') >= graceMs
}

/** Claims that services lack, for those that were written before there were claims or whose claim was deleted; and claims that are nobody's. */
export function planRepair({ services, addresses, ports, nowMs, identities }: RepairInput): Repair {
  const known = new Set(addresses.map(({ metadata }) => metadata?.name ?? ''))
  const holders = new Map<string, string>()
  const missing: Claim[] = []
  const wantedPorts = new Set<number>()
  for (const service of services) {
    const owner = keyOf(service.metadata?.namespace, service.metadata?.name)
    for (const ip of clusterIpsOf(service)) {
      if (!holders.has(ip) && !known.has(ip)) missing.push(addressClaim(ip, service, identities))
      if (!holders.has(ip)) holders.set(ip, owner)
    }
    for (const port of nodePortsOf(service)) {
      if (!wantedPorts.has(port) && !ports.has(port)) missing.push(portClaim(port, service))
      wantedPorts.add(port)
    }
  }
  const leaked = addresses
    .filter((address) => isOurs(address) && isLeaked(address, holders, nowMs))
    .map(({ metadata }) => ({
      key: `${addressPrefix}${metadata?.name ?? ''}`,
      revision: Number(metadata?.resourceVersion ?? 0),
    }))
  for (const [port, revision] of ports)
    if (!wantedPorts.has(port)) leaked.push({ key: `${portPrefix}${port}`, revision })
  return { missing, leaked }
}
