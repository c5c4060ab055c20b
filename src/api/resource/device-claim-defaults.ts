import { fill, mapSame, set } from '../defaulting.ts'
import type { resource } from '../generated/types/index.ts'

type Spec = resource.v1.ResourceClaimSpec
type Request = resource.v1.DeviceRequest

/** One device unless said otherwise. */
export function defaultAmount<R extends { readonly allocationMode?: string; readonly count?: number }>(
  request: R,
): R {
  const filled = fill<{ readonly allocationMode?: string; readonly count?: number }>(request, {
    allocationMode: 'ExactCount',
  })
  const counted = filled.allocationMode === 'ExactCount' && (filled.count ?? 0) === 0
  if (filled === request && !counted) return request
  return { ...request, ...filled, ...(counted ? { count: 1 } : {}) }
}

function defaultRequest(request: Request): Request {
  let next = request
  if (request.exactly !== undefined) next = set(next, 'exactly', defaultAmount(request.exactly))
  if (request.firstAvailable !== undefined)
    next = set(next, 'firstAvailable', mapSame(request.firstAvailable, defaultAmount))
  return next
}

export function defaultDeviceClaim(spec: Spec): Spec {
  const requests = spec.devices?.requests
  if (spec.devices === undefined || !requests) return spec
  return set(spec, 'devices', set(spec.devices, 'requests', mapSame(requests, defaultRequest)))
}
