import { isPodReady } from '../../api/core/pod/pod-state.ts'
import { addressesOf, hostnameIn, targetPortOf } from '../../api/core/service/service-pods.ts'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { defined } from '../../base/defined.ts'

type Service = core.v1.Service
type Pod = core.v1.Pod

export type Family = 'IPv4' | 'IPv6'

export const zoneLabel = 'topology.kubernetes.io/zone'

/** What a pod is to a service in one address family; its node may be unknown. */
export function endpointOfPod(
  service: Service,
  pod: Pod,
  node: core.v1.Node | undefined,
  family: Family,
): discovery.v1.Endpoint {
  const serving = isPodReady(pod)
  const terminating = pod.metadata?.deletionTimestamp !== undefined
  const { namespace, name, uid } = pod.metadata ?? {}
  return defined({
    addresses: addressesOf(pod, family),
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    hostname: hostnameIn(service, pod),
    nodeName: pod.spec?.nodeName || undefined,
    targetRef: defined({ kind: 'Pod', namespace, name, uid }),
    zone: node?.metadata?.labels?.[zoneLabel] || undefined,
  })
}

/** The pod's own numbers for the service's ports; those that it does not have are left out. */
export function portsOfPod(service: Service, pod: Pod): readonly discovery.v1.EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPortOf(pod, servicePort)
    if (port === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = servicePort
    return [defined({ name, port, protocol, appProtocol })]
  })
}
