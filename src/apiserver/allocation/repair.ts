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
  /** What whoever looks at the services should know; all are warnings. */
  readonly events: readonly RepairEvent[]
}

export interface RepairEvent {
  readonly about: Service | Address
  readonly reason: string
  readonly message: string
}

/** Upstream's: who has just claimed an address may be about to write the service. */
const graceMs = 60_000
const managedBy = 'ipaddress.kubernetes.io/managed-by'

const isOurs = ({ metadata }: Address): boolean => metadata?.labels?.[managedBy] === 'ipallocator.k8s.io'

const familyOf = (ip: string): string => (ip.includes(':') ? 'IPv6' : 'IPv4')

const keyOf = (namespace = '', name = ''): string => `${namespace}/${name}`

/** Why an address is nobody's, as an event says it; undefined: it is somebody's, or may be in a moment. */
function leakOf(address: Address, holders: ReadonlyMap<string, string>, nowMs: number): string | undefined {
  const { name = '', creationTimestamp } = address.metadata ?? {}
  const { group = '', resource = '', namespace = '', name: parent = '' } = address.spec?.parentRef ?? {}
  if (group !== '' || resource !== 'services') {
    const reference = `&{${group} ${resource} ${namespace} ${parent}}`
    return `IPAddress ${name} appears to have been modified, not referencing a Service ${reference}: cleaning up`
  }
  if (holders.get(name) === keyOf(namespace, parent)) return undefined
  if (nowMs - Date.parse(creationTimestamp ?? '') < graceMs) return undefined
  return `IPAddress: ${name} for Service ${namespace}/${parent} appears to have leaked: cleaning up`
}

/** Claims that services lack, for those that were written before there were claims or whose claim was deleted; and claims that are nobody's. */
export function planRepair({ services, addresses, ports, nowMs, identities }: RepairInput): Repair {
  const known = new Set(addresses.map(({ metadata }) => metadata?.name ?? ''))
  const holders = new Map<string, string>()
  const missing: Claim[] = []
  const events: RepairEvent[] = []
  const wantedPorts = new Set<number>()
  for (const service of services) {
    const owner = keyOf(service.metadata?.namespace, service.metadata?.name)
    const warn = (reason: string, message: string): void => {
      events.push({ about: service, reason, message })
    }
    for (const ip of clusterIpsOf(service)) {
      if (holders.has(ip)) {
        const message = `Cluster IP [${familyOf(ip)}]:${ip} was assigned to multiple services; please recreate service`
        warn('ClusterIPAlreadyAllocated', message)
        continue
      }
      holders.set(ip, owner)
      if (known.has(ip)) continue
      missing.push(addressClaim(ip, service, identities))
      warn('ClusterIPNotAllocated', `Cluster IP [${familyOf(ip)}]: ${ip} is not allocated; repairing`)
    }
    for (const port of nodePortsOf(service)) {
      if (wantedPorts.has(port)) {
        const message = `Port ${port} was assigned to multiple services; please recreate service`
        warn('PortAlreadyAllocated', message)
        continue
      }
      wantedPorts.add(port)
      if (ports.has(port)) continue
      missing.push(portClaim(port, service))
      warn('PortNotAllocated', `Port ${port} is not allocated; repairing`)
    }
  }
  const leaked: { readonly key: string; readonly revision: number }[] = []
  for (const address of addresses.filter(isOurs)) {
    const message = leakOf(address, holders, nowMs)
    if (message === undefined) continue
    const { name = '', resourceVersion = '0' } = address.metadata ?? {}
    leaked.push({ key: `${addressPrefix}${name}`, revision: Number(resourceVersion) })
    events.push({ about: address, reason: 'IPAddressNotAllocated', message })
  }
  for (const [port, revision] of ports)
    if (!wantedPorts.has(port)) leaked.push({ key: `${portPrefix}${port}`, revision })
  return { missing, leaked, events }
}
