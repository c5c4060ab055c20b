import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { labelMatcherOfMap } from '../../../apimachinery/selectors/label-selector.ts'
import type { core } from '../../generated/types/index.ts'
import { isPodReady, isPodTerminal } from '../pod/pod-state.ts'

type Service = core.v1.Service
type Pod = core.v1.Pod

/** Whether pods become endpoints of the service by themselves; others have theirs from elsewhere. */
export const selectsPods = (service: Service): boolean =>
  service.spec?.selector !== undefined && service.spec.type !== 'ExternalName'

/** A selector that is absent selects nothing. */
export function servicesSelecting(pod: Pod, services: readonly Service[]): readonly Service[] {
  return services.filter(
    ({ spec }) =>
      spec?.selector !== undefined && labelMatcherOfMap(spec.selector).matches(pod.metadata?.labels),
  )
}

/** Without a cluster address of its own: its name resolves to its pods. */
export function isHeadless(service: Service): boolean {
  const address = service.spec?.clusterIP
  return address === undefined || address === '' || address === 'None'
}

/** The labels of a service's endpoints that say so. */
export const headlessLabel = 'service.kubernetes.io/headless'

/** A pod that has an address and has not ended; one that is being deleted only where that is asked for. */
export function hasEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  const hasAddress = (pod.status?.podIP ?? '') !== '' || (pod.status?.podIPs ?? []).length > 0
  if (isPodTerminal(pod) || !hasAddress) return false
  return includeTerminating || pod.metadata?.deletionTimestamp === undefined
}

export function addressesOf(pod: Pod, family: 'IPv4' | 'IPv6'): readonly string[] {
  const { podIP, podIPs = podIP === undefined ? [] : [{ ip: podIP }] } = pod.status ?? {}
  return podIPs.map(({ ip }) => ip).filter((ip) => ip.includes(':') === (family === 'IPv6'))
}

/** The hostname that DNS gives the pod within the service. */
export function hostnameIn(service: Service, pod: Pod): string | undefined {
  const { hostname = '', subdomain } = pod.spec ?? {}
  const isMember =
    subdomain === service.metadata?.name && pod.metadata?.namespace === service.metadata?.namespace
  return hostname !== '' && isMember ? hostname : undefined
}

/** The number of the pod's port that a service port leads to; a name is looked up in its containers and sidecars. */
export function targetPortOf(pod: Pod, port: core.v1.ServicePort): number | undefined {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  for (const { ports = [] } of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = ports.find(
      ({ name, protocol = 'TCP' }) => name === target && protocol === (port.protocol ?? 'TCP'),
    )
    if (found !== undefined) return found.containerPort
  }
  return undefined
}

/** Whether a change of a pod can change endpoints; most changes of a status cannot. */
export function endpointChanged(pod: Pod | undefined, old: Pod | undefined): boolean {
  if (pod === undefined || old === undefined) return true
  return (
    isPodReady(pod) !== isPodReady(old) ||
    isPodTerminal(pod) !== isPodTerminal(old) ||
    pod.metadata?.deletionTimestamp !== old.metadata?.deletionTimestamp ||
    pod.spec?.hostname !== old.spec?.hostname ||
    pod.spec?.subdomain !== old.spec?.subdomain ||
    !jsonEqual(pod.status?.podIPs, old.status?.podIPs) ||
    !jsonEqual(pod.metadata?.labels, old.metadata?.labels)
  )
}
