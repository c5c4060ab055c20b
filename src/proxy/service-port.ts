import type { core } from '../api/generated/types/index.ts'
import { familyOf, familyOfCidr, type IpFamily } from './ip-family.ts'

export type Protocol = 'tcp' | 'udp' | 'sctp'

/** One port of a Service as seen from one address family: everything that rules depend on, endpoints apart. */
export interface ServicePort {
  readonly namespace: string
  readonly service: string
  /** Empty for the only port of a Service that may go without a name. */
  readonly portName: string
  readonly protocol: Protocol
  readonly clusterIp: string
  readonly port: number
  /** 0: none. */
  readonly nodePort: number
  readonly externalIps: readonly string[]
  readonly loadBalancerIps: readonly string[]
  /** Who may reach `loadBalancerIps`; empty: everyone. */
  readonly sourceRanges: readonly string[]
  /** How long a client stays with its endpoint; undefined without session affinity. */
  readonly affinitySeconds: number | undefined
  readonly internalPolicyLocal: boolean
  readonly externalPolicyLocal: boolean
}

/** Upstream's labels for Services and slices that another proxy takes care of, or nobody. */
const otherProxyLabel = 'service.kubernetes.io/service-proxy-name'
const headlessLabel = 'service.kubernetes.io/headless'

/** Upstream's default of `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const defaultAffinitySeconds = 10_800

const protocols: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' }

export function protocolOf(name: string | undefined): Protocol | undefined {
  return protocols[name ?? 'TCP']
}

/** Whether an object's labels leave it to this proxy. */
export function isOurs(labels: { readonly [key: string]: string } | undefined): boolean {
  return labels?.[otherProxyLabel] === undefined && labels?.[headlessLabel] === undefined
}

function clusterIpOf(service: core.v1.Service, family: IpFamily): string | undefined {
  const spec = service.spec
  const all = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP])
  return all.find((address) => familyOf(address) === family)
}

function loadBalancerIpsOf(service: core.v1.Service, family: IpFamily): readonly string[] {
  return (service.status?.loadBalancer?.ingress ?? [])
    .filter(({ ip, ipMode }) => ip !== undefined && (ipMode === undefined || ipMode === 'VIP'))
    .map(({ ip = '' }) => ip)
    .filter((ip) => familyOf(ip) === family)
}

/** A range that holds every address is the same as none given. */
function sourceRangesOf(spec: core.v1.ServiceSpec, family: IpFamily): readonly string[] {
  const ranges = (spec.loadBalancerSourceRanges ?? [])
    .map((range) => range.trim())
    .filter((range) => familyOfCidr(range) === family)
  return ranges.some((range) => range.endsWith('/0')) ? [] : ranges
}

/** The ports of `service` that get rules in `family`; none for headless, ExternalName and other proxies' Services. */
export function servicePorts(service: core.v1.Service, family: IpFamily): readonly ServicePort[] {
  const { spec, metadata } = service
  const clusterIp = clusterIpOf(service, family)
  if (spec === undefined || clusterIp === undefined) return []
  if (spec.type === 'ExternalName' || !isOurs(metadata?.labels)) return []
  const externalIps = (spec.externalIPs ?? []).filter((ip) => familyOf(ip) === family)
  const external =
    spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs ?? []).length > 0
  const affinity = spec.sessionAffinity === 'ClientIP'
  const shared = {
    namespace: metadata?.namespace ?? '',
    service: metadata?.name ?? '',
    clusterIp,
    externalIps,
    loadBalancerIps: loadBalancerIpsOf(service, family),
    sourceRanges: sourceRangesOf(spec, family),
    affinitySeconds: affinity
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
      : undefined,
    internalPolicyLocal: spec.internalTrafficPolicy === 'Local',
    externalPolicyLocal: external && spec.externalTrafficPolicy === 'Local',
  }
  return (spec.ports ?? []).flatMap((port): readonly ServicePort[] => {
    const protocol = protocolOf(port.protocol)
    if (protocol === undefined) return []
    const { name: portName = '', nodePort = 0 } = port
    return [{ ...shared, portName, protocol, port: port.port, nodePort }]
  })
}

/** Reachable by something else than its cluster IP. */
export function isExternallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.externalIps.length > 0 || port.loadBalancerIps.length > 0
}

/** External traffic needs all endpoints even where its policy is Local: pods of this node take the short way. */
export function usesClusterEndpoints(port: ServicePort): boolean {
  return !port.internalPolicyLocal || isExternallyAccessible(port)
}

export function usesLocalEndpoints(port: ServicePort): boolean {
  return port.internalPolicyLocal || (port.externalPolicyLocal && isExternallyAccessible(port))
}
