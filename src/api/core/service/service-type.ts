import type { core } from '../../generated/types/index.ts'

type Service = core.v1.Service

/** Questions about a Service's specification that defaults, validation, allocation and proxies share. */
export const isHeadless = (service: Service): boolean => {
  const ips = service.spec?.clusterIPs ?? []
  return ips.length === 1 ? ips[0] === 'None' : ips.length === 0 && service.spec?.clusterIP === 'None'
}

export const isExternalName = (service: Service): boolean => service.spec?.type === 'ExternalName'

export const isLoadBalancer = (service: Service): boolean => service.spec?.type === 'LoadBalancer'

export const needsClusterIp = (service: Service): boolean => !isExternalName(service)

export const needsNodePort = (service: Service): boolean =>
  service.spec?.type === 'NodePort' ||
  (isLoadBalancer(service) && service.spec?.allocateLoadBalancerNodePorts !== false)

export const needsHealthCheckPort = (service: Service): boolean =>
  isLoadBalancer(service) && service.spec?.externalTrafficPolicy === 'Local'

/** Reachable from outside the cluster. */
export const isExternallyAccessible = ({ spec }: Service): boolean =>
  spec?.type === 'LoadBalancer' ||
  spec?.type === 'NodePort' ||
  (spec?.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)
