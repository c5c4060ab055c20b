import { carryOver, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import type { core } from '../../generated/types/index.ts'
import {
  isExternallyAccessible,
  isLoadBalancer,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
} from './service-type.ts'

type Service = core.v1.Service
type Spec = core.v1.ServiceSpec

const specOf = (service: Service): Spec => service.spec ?? {}

const without = <K extends keyof Spec>(spec: Spec, ...keys: readonly K[]): Spec => {
  const next: { [P in keyof Spec]: Spec[P] } = { ...spec }
  for (const key of keys) delete next[key]
  return next
}

/** `clusterIPs` follows `clusterIP` where a client only knows that. */
export function normalizeClusterIps(service: Service, old: Service | undefined): Service {
  const spec = specOf(service)
  const { clusterIP = '', clusterIPs = [] } = spec
  const withIps = (ips: readonly string[] | undefined): Service => ({
    ...service,
    spec: ips === undefined ? without(spec, 'clusterIPs') : { ...spec, clusterIPs: ips },
  })
  if (old === undefined) return clusterIP !== '' && clusterIPs.length === 0 ? withIps([clusterIP]) : service
  const { clusterIP: oldIp = '', clusterIPs: oldIps = [] } = specOf(old)
  if (clusterIP === oldIp) return oldIps.length > 0 && clusterIPs.length === 0 ? withIps(oldIps) : service
  if (!jsonEqual(clusterIPs, oldIps)) return service
  return withIps(clusterIP === '' ? undefined : [clusterIP])
}

const nodePortsOf = (spec: Spec): Set<number> =>
  new Set((spec.ports ?? []).map((port) => port.nodePort ?? 0).filter((port) => port !== 0))

function withOldNodePorts(spec: Spec, old: Spec): Spec {
  const own = nodePortsOf(spec)
  const kept = new Set([...nodePortsOf(old)].filter((port) => own.has(port)))
  const ports = (spec.ports ?? []).map((port) => {
    if ((port.nodePort ?? 0) !== 0) return port
    const before = old.ports?.find((candidate) => (candidate.name ?? '') === (port.name ?? ''))?.nodePort
    return before === undefined || before === 0 || kept.has(before) ? port : { ...port, nodePort: before }
  })
  return spec.ports === undefined ? spec : { ...spec, ports }
}

/** What was allocated stays where a client does not say otherwise: the same manifest can be sent again. */
export function keepAllocated(service: Service, old: Service): Service {
  let spec = specOf(service)
  const before = specOf(old)
  if (needsClusterIp(old) && needsClusterIp(service)) {
    if ((spec.clusterIP ?? '') === '' && before.clusterIP !== undefined)
      spec = { ...spec, clusterIP: before.clusterIP }
    if ((spec.clusterIPs ?? []).length === 0 && before.clusterIPs !== undefined)
      spec = { ...spec, clusterIPs: before.clusterIPs }
  }
  if (needsNodePort(old) && needsNodePort(service)) spec = withOldNodePorts(spec, before)
  const healthCheckNodePort = before.healthCheckNodePort
  if (needsHealthCheckPort(old) && needsHealthCheckPort(service) && healthCheckNodePort !== undefined) {
    if ((spec.healthCheckNodePort ?? 0) === 0) spec = { ...spec, healthCheckNodePort }
  }
  return spec === service.spec ? service : { ...service, spec }
}

const usesNodePorts = (service: Service): boolean =>
  service.spec?.type === 'NodePort' || isLoadBalancer(service)

/** A change of type takes along what makes no sense with the new one, unless the client changed that too. */
function dropForeign(service: Service, old: Service): Service {
  let spec = specOf(service)
  const before = specOf(old)
  const same = (key: keyof Spec): boolean => jsonEqual(spec[key], before[key])
  if (needsClusterIp(old) && !needsClusterIp(service)) {
    if (same('clusterIP') && same('clusterIPs')) spec = without(spec, 'clusterIP', 'clusterIPs')
    if (same('ipFamilies')) spec = without(spec, 'ipFamilies')
    if (same('ipFamilyPolicy')) spec = without(spec, 'ipFamilyPolicy')
  }
  if (usesNodePorts(old) && !usesNodePorts(service)) {
    const known = nodePortsOf(before)
    if ([...nodePortsOf(spec)].every((port) => known.has(port)) && spec.ports !== undefined)
      spec = { ...spec, ports: spec.ports.map(({ nodePort: _freed, ...port }) => port) }
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(service) && same('healthCheckNodePort'))
    spec = without(spec, 'healthCheckNodePort')
  if (isLoadBalancer(old) && !isLoadBalancer(service)) {
    if (same('allocateLoadBalancerNodePorts')) spec = without(spec, 'allocateLoadBalancerNodePorts')
    if (same('loadBalancerClass')) spec = without(spec, 'loadBalancerClass')
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(service) && same('externalTrafficPolicy'))
    spec = without(spec, 'externalTrafficPolicy')
  const next = spec === service.spec ? service : { ...service, spec }
  return isLoadBalancer(next) ? next : { ...next, status: { ...next.status, loadBalancer: {} } }
}

export const prepareServiceForCreate = (service: Service): Service =>
  normalizeClusterIps({ ...service, status: { loadBalancer: {} } }, undefined)

export function prepareServiceForUpdate(service: Service, old: Service, context: WriteContext): Service {
  const kept = carryOver(service, old, context)
  if (context.subresource === 'status') return kept
  return dropForeign(keepAllocated(normalizeClusterIps(kept, old), old), old)
}
