import { endpointKey } from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { discovery } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { StringMap } from '../../apimachinery/meta.ts'

type Slice = discovery.v1.EndpointSlice
type Endpoint = discovery.v1.Endpoint

/** Upstream's --max-endpoints-per-slice. */
export const maxEndpointsPerSlice = 100

export interface Arrangement {
  readonly update: readonly Slice[]
  readonly remove: readonly Slice[]
  /** The endpoints of each new slice. */
  readonly create: readonly (readonly Endpoint[])[]
}

interface Kept {
  readonly slice: Slice
  readonly endpoints: Endpoint[]
  hasChanged: boolean
}

/** The slice that is fullest once all of `count` endpoints are in it. */
function bestFit(slices: readonly Kept[], count: number): Kept | undefined {
  let best: Kept | undefined
  for (const candidate of slices) {
    const room = maxEndpointsPerSlice - candidate.endpoints.length
    // An empty slice is left to those who would fill it.
    if (candidate.hasChanged || room < count || candidate.endpoints.length === 0) continue
    if (best === undefined || candidate.endpoints.length > best.endpoints.length) best = candidate
  }
  return best
}

/**
 * Distributes endpoints over slices of one set of ports, touching as few as possible: known endpoints stay
 * where they are, new ones fill slices that change anyway, then one that has room for all of them, then new
 * slices.
 */
export function arrangeEndpoints(
  slices: readonly Slice[],
  wanted: ReadonlyMap<string, Endpoint>,
  labels: StringMap,
): Arrangement {
  const missing = new Map(wanted)
  const kept = slices.map((slice): Kept => {
    const endpoints: Endpoint[] = []
    let hasChanged = !jsonEqual(slice.metadata?.labels, labels)
    for (const endpoint of slice.endpoints ?? []) {
      const key = endpointKey(endpoint)
      const now = missing.get(key)
      if (now === undefined || !jsonEqual(now, endpoint)) hasChanged = true
      if (now === undefined) continue
      endpoints.push(now)
      missing.delete(key)
    }
    return { slice, endpoints, hasChanged }
  })
  const remove = kept.filter(
    ({ endpoints, slice }) => endpoints.length === 0 && (slice.endpoints ?? []).length > 0,
  )
  const rest = kept.filter((one) => !remove.includes(one))
  const left = [...missing.values()]
  const fill = (endpoints: Endpoint[]): void => {
    endpoints.push(...left.splice(0, maxEndpointsPerSlice - endpoints.length))
  }
  const changing = rest.filter(({ hasChanged }) => hasChanged)
  for (const { endpoints } of changing.sort((a, b) => b.endpoints.length - a.endpoints.length))
    fill(endpoints)
  const create: Endpoint[][] = []
  while (left.length > 0) {
    const fit = left.length < maxEndpointsPerSlice ? bestFit(rest, left.length) : undefined
    const endpoints = fit?.endpoints ?? []
    fill(endpoints)
    if (fit === undefined) create.push(endpoints)
    else fit.hasChanged = true
  }
  return {
    update: rest
      .filter(({ hasChanged }) => hasChanged)
      .map(({ slice, endpoints }) => ({ ...slice, metadata: { ...slice.metadata, labels }, endpoints })),
    remove: remove.map(({ slice }) => slice),
    create,
  }
}
