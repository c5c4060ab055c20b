import { type PortUse, packSubsets } from '../../api/core/endpoints/pack-subsets.ts'
import { isPodReady } from '../../api/core/pod/pod-state.ts'
import {
  addressesOf,
  hasEndpoint,
  headlessLabel,
  hostnameIn,
  isHeadless,
  targetPortOf,
} from '../../api/core/service/service-pods.ts'
import type { core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { StringMap } from '../../apimachinery/meta.ts'
import { defined } from '../../base/defined.ts'

type Service = core.v1.Service
type Pod = core.v1.Pod
type Endpoints = core.v1.Endpoints
type Subset = core.v1.EndpointSubset

const managedByLabel = 'endpoints.kubernetes.io/managed-by'
const controllerName = 'endpoint-controller'
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity'

/** Addresses of an Endpoints object at most; EndpointSlices hold them all. */
export const maxAddresses = 1_000

function familyOf(service: Service, pod: Pod): 'IPv4' | 'IPv6' {
  const [family] = service.spec?.ipFamilies ?? []
  if (family !== undefined) return family === 'IPv6' ? 'IPv6' : 'IPv4'
  const address = isHeadless(service) ? pod.status?.podIP : service.spec?.clusterIP
  return address?.includes(':') ? 'IPv6' : 'IPv4'
}

function usesOf(service: Service, pod: Pod): readonly PortUse[] {
  const [ip] = addressesOf(pod, familyOf(service, pod))
  if (!hasEndpoint(pod, service.spec?.publishNotReadyAddresses === true) || ip === undefined) return []
  const { namespace, name, uid } = pod.metadata ?? {}
  const address: core.v1.EndpointAddress = defined({
    ip,
    hostname: hostnameIn(service, pod),
    nodeName: pod.spec?.nodeName,
    targetRef: defined({ kind: 'Pod', namespace, name, uid }),
  })
  const isReady = service.spec?.publishNotReadyAddresses === true || isPodReady(pod)
  const servicePorts = service.spec?.ports ?? []
  // A headless service may have no ports; its name still resolves.
  if (servicePorts.length === 0) return isHeadless(service) ? [{ address, isReady, port: undefined }] : []
  return servicePorts.flatMap((servicePort) => {
    const number = targetPortOf(pod, servicePort)
    if (number === undefined) return []
    const { name: portName, protocol = 'TCP', appProtocol } = servicePort
    const port = defined({ name: portName || undefined, port: number, protocol, appProtocol })
    return [{ address, isReady, port }]
  })
}

const countOf = (subsets: readonly Subset[], field: 'addresses' | 'notReadyAddresses'): number =>
  subsets.reduce((sum, subset) => sum + (subset[field]?.length ?? 0), 0)

/** Keeps ready addresses rather than others, from each subset its share. */
function truncated(subsets: readonly Subset[]): readonly Subset[] {
  const ready = countOf(subsets, 'addresses')
  const field = ready > maxAddresses ? 'addresses' : 'notReadyAddresses'
  const room = ready > maxAddresses ? maxAddresses : maxAddresses - ready
  const total = countOf(subsets, field)
  let left = room
  return subsets.map((subset) => {
    const { addresses, notReadyAddresses, ...rest } = subset
    const all = subset[field] ?? []
    const kept = all.slice(0, Math.min(left, Math.ceil((all.length / total) * room)))
    left -= kept.length
    return field === 'addresses'
      ? { ...rest, addresses: kept }
      : defined({ ...rest, addresses, notReadyAddresses: kept.length === 0 ? undefined : kept })
  })
}

function labelsOf(service: Service): StringMap {
  const { [headlessLabel]: _headless, ...labels } = service.metadata?.labels ?? {}
  return {
    ...labels,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [managedByLabel]: controllerName,
  }
}

/** A service's Endpoints as its pods make them; undefined when they are that already. */
export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  existing: Endpoints | undefined,
): Endpoints | undefined {
  const { name, namespace } = service.metadata ?? {}
  const all = packSubsets(pods.flatMap((pod) => usesOf(service, pod)))
  const isOver = countOf(all, 'addresses') + countOf(all, 'notReadyAddresses') > maxAddresses
  const subsets = isOver ? truncated(all) : all
  const { [overCapacityAnnotation]: _over, ...annotations } = existing?.metadata?.annotations ?? {}
  const labels = labelsOf(service)
  const wantedAnnotations = isOver ? { ...annotations, [overCapacityAnnotation]: 'truncated' } : annotations
  if (
    existing !== undefined &&
    jsonEqual(existing.subsets ?? [], subsets) &&
    jsonEqual(existing.metadata?.labels ?? {}, labels) &&
    jsonEqual(existing.metadata?.annotations ?? {}, wantedAnnotations)
  ) {
    return undefined
  }
  const metadata = defined({
    ...(existing?.metadata ?? { name, namespace }),
    labels,
    annotations: Object.keys(wantedAnnotations).length === 0 ? undefined : wantedAnnotations,
  })
  return defined({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata,
    subsets: subsets.length === 0 ? undefined : subsets,
  })
}
