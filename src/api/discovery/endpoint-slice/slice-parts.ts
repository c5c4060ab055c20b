import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import type { core, discovery } from '../../generated/types/index.ts'

type Slice = discovery.v1.EndpointSlice
type Endpoint = discovery.v1.Endpoint
type Port = discovery.v1.EndpointPort

/** Whose endpoints a slice holds. */
export const serviceNameLabel = 'kubernetes.io/service-name'
/** Who keeps a slice. */
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
/** An annotation: when the change happened that the endpoints show. */
export const lastChangeTriggerTime = 'endpoints.kubernetes.io/last-change-trigger-time'

/** `namespace/name` of the service whose endpoints `manager` keeps in this slice; none for slices of others. */
export function serviceKeysOf({ metadata }: Slice, manager: string): readonly string[] {
  const name = metadata?.labels?.[serviceNameLabel]
  const isManaged = metadata?.labels?.[managedByLabel] === manager
  return name && isManaged ? [`${metadata?.namespace}/${name}`] : []
}

/** What a slice's name begins with; the server makes the rest. */
export const sliceNamePrefix = (service: string): string => (service.length < 253 ? `${service}-` : service)

/** What identifies an endpoint, whatever its condition. */
export function endpointKey({ addresses, hostname, targetRef }: Endpoint): string {
  return [targetRef?.namespace, targetRef?.name, hostname, ...addresses.toSorted()].join(' ')
}

function withoutVersion(reference: core.v1.ObjectReference | undefined): object {
  const { resourceVersion: _, ...rest } = reference ?? {}
  return rest
}

/** Whether endpoints of one key are the same in everything but their hints. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    jsonEqual(a.conditions ?? {}, b.conditions ?? {}) &&
    jsonEqual(withoutVersion(a.targetRef), withoutVersion(b.targetRef))
  )
}

/** The same for the same ports in whatever order. */
export const portsKey = (ports: readonly Port[] | null | undefined): string =>
  (ports ?? [])
    .map(({ name = '', port, protocol, appProtocol }) => JSON.stringify([name, port, protocol, appProtocol]))
    .sort()
    .join()
