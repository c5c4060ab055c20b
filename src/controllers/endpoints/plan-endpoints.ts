import { type PortUse, packSubsets, repackSubsets } from '../../api/core/endpoints/pack-subsets.ts'
import { isPodReady } from '../../api/core/pod/pod-state.ts'
import {
  addressesOf,
  hasEndpoint,
  headlessLabel,
  hostnameIn,
  isHeadless,
  targetPortOf,
} from '../../api/core/service/service-pods.ts'
import { lastChangeTriggerTime } from '../../api/discovery/endpoint-slice/slice-parts.ts'
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
const truncation = 'truncated'

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

/** Others may have packed the same endpoints in another way. */
const isSame = (existing: readonly Subset[], subsets: readonly Subset[]): boolean =>
  jsonEqual(existing, subsets) || jsonEqual(repackSubsets(existing), subsets)

function labelsOf(service: Service): StringMap {
  const { [headlessLabel]: _headless, ...labels } = service.metadata?.labels ?? {}
  return {
    ...labels,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [managedByLabel]: controllerName,
  }
}

/**
 * A service's Endpoints as its pods make them; undefined when they are that already. `time`: of the change
 * that is the cause, if it is known.
 */
export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  existing: Endpoints | undefined,
  time?: string,
): Endpoints | undefined {
  const { name, namespace } = service.metadata ?? {}
  const all = packSubsets(pods.flatMap((pod) => usesOf(service, pod)))
  const isOver = countOf(all, 'addresses') + countOf(all, 'notReadyAddresses') > maxAddresses
  const subsets = isOver ? truncated(all) : all
  const old = existing?.metadata?.annotations ?? {}
  const { [overCapacityAnnotation]: wasOver, [lastChangeTriggerTime]: _time, ...others } = old
  const labels = labelsOf(service)
  if (
    existing !== undefined &&
    isSame(existing.subsets ?? [], subsets) &&
    jsonEqual(existing.metadata?.labels ?? {}, labels) &&
    wasOver === (isOver ? truncation : undefined)
  ) {
    return undefined
  }
  const annotations = defined({
    ...others,
    [overCapacityAnnotation]: isOver ? truncation : undefined,
    [lastChangeTriggerTime]: time,
  })
  const metadata = defined({
    ...(existing?.metadata ?? { name, namespace }),
    labels,
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  })
  return defined({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata,
    subsets: subsets.length === 0 ? undefined : subsets,
  })
}
