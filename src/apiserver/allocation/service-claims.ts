import { isHeadless } from '../../api/core/service/service-type.ts'
import type { core, networking } from '../../api/generated/types/index.ts'
import { formatIp, parseIp } from '../../apimachinery/ip-address.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Identities } from '../rest/identities.ts'
import type { Claim, ClaimChange } from '../write-allocator.ts'
import { nodePortsOf } from './node-ports.ts'

type Service = core.v1.Service

export const addressPrefix = 'ipaddresses/'
/** One entry for each port: upstream has one for all, which every write of a service with ports would have to change. */
export const portPrefix = 'ranges/servicenodeports/'

export const hasClusterIps = (service: Service): boolean =>
  service.spec?.type !== 'ExternalName' && !isHeadless(service)

/** Addresses that a stored service holds, in canonical form. */
export function clusterIpsOf(service: Service | undefined): readonly string[] {
  if (service === undefined || !hasClusterIps(service)) return []
  return (service.spec?.clusterIPs ?? [])
    .map((text) => parseIp(text, { allowLeadingZeros: true }))
    .filter((ip) => ip !== undefined)
    .map(formatIp)
}

/** The object that says that an address is a service's, as upstream's allocator makes it. */
export function addressClaim(ip: string, service: Service, identities: Identities): Claim {
  const { namespace = '', name = '' } = service.metadata ?? {}
  const object: networking.v1.IPAddress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: ip,
      uid: identities.uid(),
      creationTimestamp: identities.time(),
      labels: {
        'ipaddress.kubernetes.io/ip-family': ip.includes(':') ? 'IPv6' : 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  }
  return { key: `${addressPrefix}${ip}`, object }
}

/** What says that a port of all nodes is a service's. */
export function portClaim(port: number, service: Service): Claim {
  const { namespace = '', name = '' } = service.metadata ?? {}
  return { key: `${portPrefix}${port}`, object: { metadata: { namespace, name } } }
}

const portsOf = (service: Service | undefined): readonly number[] =>
  service === undefined ? [] : [...nodePortsOf(service)]

const without = <T>(values: readonly T[], others: readonly T[]): readonly T[] =>
  values.filter((value) => !others.includes(value))

/** What a service comes to hold, and what it gives up, by a write. */
export function serviceClaims(
  next: KubernetesObject | undefined,
  old: KubernetesObject | undefined,
  identities: Identities,
): ClaimChange {
  const service = next as Service | undefined
  const before = old as Service | undefined
  const [ips, oldIps] = [clusterIpsOf(service), clusterIpsOf(before)]
  const [ports, oldPorts] = [portsOf(service), portsOf(before)]
  const taken =
    service === undefined
      ? []
      : [
          ...without(ips, oldIps).map((ip) => addressClaim(ip, service, identities)),
          ...without(ports, oldPorts).map((port) => portClaim(port, service)),
        ]
  return {
    taken,
    released: [
      ...without(oldIps, ips).map((ip) => `${addressPrefix}${ip}`),
      ...without(oldPorts, ports).map((port) => `${portPrefix}${port}`),
    ],
  }
}
