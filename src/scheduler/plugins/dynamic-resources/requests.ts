import type { resource } from '../../../api/generated/types/index.ts'

type Claim = resource.v1.ResourceClaim

/** What devices a request, or one of its alternatives, asks for. */
export interface DeviceRequest {
  /** Of the claim's request. */
  readonly name: string
  /** Of the alternative. */
  readonly subRequest: string | undefined
  readonly deviceClassName: string
  readonly all: boolean
  readonly count: number
  readonly adminAccess: boolean
  readonly selectors: readonly resource.v1.DeviceSelector[]
  readonly tolerations: readonly resource.v1.DeviceToleration[]
  readonly capacity: Readonly<Record<string, string>> | undefined
}

/** `request`, or `request/alternative`: how results name it. */
export const fullName = ({ name, subRequest }: DeviceRequest): string =>
  subRequest === undefined ? name : `${name}/${subRequest}`

function requestOf(
  name: string,
  subRequest: string | undefined,
  given: resource.v1.ExactDeviceRequest | resource.v1.DeviceSubRequest,
): DeviceRequest {
  return {
    name,
    subRequest,
    deviceClassName: given.deviceClassName,
    all: given.allocationMode === 'All',
    count: given.count ?? 1,
    adminAccess: 'adminAccess' in given && given.adminAccess === true,
    selectors: given.selectors ?? [],
    tolerations: given.tolerations ?? [],
    capacity: given.capacity?.requests,
  }
}

export const claimKey = ({ metadata }: Claim): string => `${metadata?.namespace}/${metadata?.name}`

/** For each of a claim's requests what would do, the preferred first. A request of an unknown type has nothing. */
export const requestsOf = ({ spec }: Claim): readonly (readonly DeviceRequest[])[] =>
  (spec.devices?.requests ?? []).map(({ name, exactly, firstAvailable = [] }) =>
    exactly === undefined
      ? firstAvailable.map((one) => requestOf(name, one.name, one))
      : [requestOf(name, undefined, exactly)],
  )
