import { fill, fillUnset, mapSame, set } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import { isExternallyAccessible, isLoadBalancer } from './service-type.ts'

const defaultAffinitySeconds = 10_800

function defaultPort(port: core.v1.ServicePort): core.v1.ServicePort {
  const next = fill(port, { protocol: 'TCP' })
  const target = next.targetPort
  return target === undefined || target === 0 || target === '' ? { ...next, targetPort: port.port } : next
}

function defaultAffinity(spec: core.v1.ServiceSpec): core.v1.ServiceSpec {
  const next = fill(spec, { sessionAffinity: 'None' })
  if (next.sessionAffinity === 'None' && next.sessionAffinityConfig !== undefined) {
    const { sessionAffinityConfig: _useless, ...rest } = next
    return rest
  }
  if (next.sessionAffinity !== 'ClientIP') return next
  if (next.sessionAffinityConfig?.clientIP?.timeoutSeconds !== undefined) return next
  return { ...next, sessionAffinityConfig: { clientIP: { timeoutSeconds: defaultAffinitySeconds } } }
}

function defaultIngress(service: core.v1.Service): core.v1.Service {
  const ingress = service.status?.loadBalancer?.ingress
  if (!isLoadBalancer(service) || ingress === undefined) return service
  const next = mapSame(ingress, (point) =>
    (point.ip ?? '') === '' ? point : fillUnset(point, { ipMode: 'VIP' }),
  )
  if (next === ingress) return service
  return {
    ...service,
    status: { ...service.status, loadBalancer: { ...service.status?.loadBalancer, ingress: next } },
  }
}

/** Upstream's defaults; addresses and node ports are allocated later. */
export function defaultService(service: core.v1.Service): core.v1.Service {
  if (service.spec === undefined) return service
  let spec = fill(defaultAffinity(service.spec), { type: 'ClusterIP' })
  if (spec.ports !== undefined) spec = set(spec, 'ports', mapSame(spec.ports, defaultPort))
  if (isExternallyAccessible({ spec })) spec = fill(spec, { externalTrafficPolicy: 'Cluster' })
  if (spec.type !== 'ExternalName') spec = fillUnset(spec, { internalTrafficPolicy: 'Cluster' })
  if (spec.type === 'LoadBalancer') spec = fill(spec, { allocateLoadBalancerNodePorts: true })
  return defaultIngress(set(service, 'spec', spec))
}
