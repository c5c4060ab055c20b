import { mapSame, present } from '../defaulting.ts'
import type { resource } from '../generated/types/index.ts'
import { defaultAmount } from './device-claim-defaults.ts'

type Spec = Partial<resource.v1.ResourceClaimSpec>
type Request = resource.v1.DeviceRequest
type Exact = resource.v1.ExactDeviceRequest
type FlatSpec = Partial<resource.v1beta1.ResourceClaimSpec>
type FlatRequest = resource.v1beta1.DeviceRequest

/**
 * v1beta1 has a request's fields beside its name; later versions have them below `exactly`, which is there as soon
 * as one of them is.
 */
const exactFields = [
  'deviceClassName',
  'selectors',
  'allocationMode',
  'count',
  'adminAccess',
  'tolerations',
  'capacity',
] as const

const isSaid = (value: unknown): boolean => value !== undefined && value !== '' && value !== 0

function nest(request: FlatRequest): Request {
  const { deviceClassName, selectors, allocationMode, count, adminAccess, tolerations, capacity, ...rest } =
    request
  if (!exactFields.some((field) => isSaid(request[field]))) return rest
  const exact = { selectors, allocationMode, count, adminAccess, tolerations, capacity }
  return { ...rest, exactly: { deviceClassName: deviceClassName ?? '', ...present<Partial<Exact>>(exact) } }
}

function flatten({ exactly, ...rest }: Request): FlatRequest {
  return exactly === undefined ? rest : { ...rest, ...exactly }
}

export function toNestedSpec({ devices, ...rest }: FlatSpec): Spec {
  if (devices === undefined) return rest
  const { requests, ...others } = devices
  return { ...rest, devices: { ...others, requests: requests?.map(nest) ?? null } }
}

export function toFlatSpec({ devices, ...rest }: Spec): FlatSpec {
  if (devices === undefined) return rest
  const { requests, ...others } = devices
  return { ...rest, devices: { ...others, requests: requests?.map(flatten) ?? null } }
}

/** One device unless said otherwise; alternatives stand for the request itself. */
function defaultFlatRequest(request: FlatRequest): FlatRequest {
  const { firstAvailable } = request
  if (firstAvailable !== undefined && firstAvailable.length > 0)
    return { ...request, firstAvailable: mapSame(firstAvailable, defaultAmount) }
  return defaultAmount(request)
}

export function defaultFlatSpec(spec: FlatSpec): FlatSpec {
  const requests = spec.devices?.requests
  if (!requests) return spec
  return { ...spec, devices: { ...spec.devices, requests: mapSame(requests, defaultFlatRequest) } }
}
