import { endpointKey, sameEndpoint } from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { discovery } from '../../api/generated/types/index.ts'

type Slice = discovery.v1.EndpointSlice
type Endpoint = discovery.v1.Endpoint

export interface Arrangement {
  readonly update: readonly Slice[]
  readonly remove: readonly Slice[]
  /** The endpoints of each new slice. */
  readonly create: readonly (readonly Endpoint[])[]
  /** Endpoints that no slice held, and that slices hold no longer. */
  readonly added: number
  readonly removed: number
}

export interface ArrangeOptions {
  readonly maxPerSlice: number
  /** Whether a slice's labels are not its service's any more. */
  readonly isRelabelled: (slice: Slice) => boolean
  readonly relabel: (slice: Slice) => Slice
}

interface Kept {
  readonly slice: Slice
  readonly endpoints: Endpoint[]
  hasChanged: boolean
}

/** The slice that is fullest once all of `count` endpoints are in it. */
function bestFit(slices: readonly Kept[], count: number, maxPerSlice: number): Kept | undefined {
  let best: Kept | undefined
  for (const candidate of slices) {
    if (candidate.hasChanged || candidate.endpoints.length + count > maxPerSlice) continue
    if (best === undefined || candidate.endpoints.length > best.endpoints.length) best = candidate
  }
  return best
}

/** What is still wanted of a slice's endpoints, in their order and without hints; found ones are taken out of `missing`. */
function keep(slice: Slice, missing: Map<string, Endpoint>, isRelabelled: boolean): Kept {
  const old = slice.endpoints ?? []
  const endpoints: Endpoint[] = []
  let hasChanged = isRelabelled
  for (const endpoint of old) {
    const key = endpointKey(endpoint)
    const now = missing.get(key)
    if (now === undefined) {
      hasChanged = true
      continue
    }
    if (!sameEndpoint(now, endpoint)) hasChanged = true
    endpoints.push(now)
    missing.delete(key)
  }
  return { slice, endpoints, hasChanged }
}

/**
 * Distributes endpoints over slices of one set of ports, touching as few as possible: known endpoints stay
 * where they are, new ones fill slices that change anyway, then one that has room for all of them, then new
 * slices.
 */
export function arrangeEndpoints(
  slices: readonly Slice[],
  wanted: ReadonlyMap<string, Endpoint>,
  { maxPerSlice, isRelabelled, relabel }: ArrangeOptions,
): Arrangement {
  const missing = new Map(wanted)
  const kept = slices.map((slice) => keep(slice, missing, isRelabelled(slice)))
  const emptied = kept.filter(
    ({ endpoints, slice }) => endpoints.length === 0 && (slice.endpoints ?? []).length > 0,
  )
  const rest = kept.filter((one) => !emptied.includes(one))
  const left = [...missing.values()]
  const fill = (endpoints: Endpoint[]): void => {
    endpoints.push(...left.splice(0, maxPerSlice - endpoints.length))
  }
  const changing = rest.filter(({ hasChanged }) => hasChanged)
  for (const { endpoints } of changing.sort((a, b) => b.endpoints.length - a.endpoints.length))
    fill(endpoints)
  const create: Endpoint[][] = []
  while (left.length > 0) {
    const fit = left.length < maxPerSlice ? bestFit(rest, left.length, maxPerSlice) : undefined
    const endpoints = fit?.endpoints ?? []
    fill(endpoints)
    if (fit === undefined) create.push(endpoints)
    else fit.hasChanged = true
  }
  const before = slices.reduce((sum, { endpoints }) => sum + (endpoints ?? []).length, 0)
  return {
    update: rest
      .filter(({ hasChanged }) => hasChanged)
      .map(({ slice, endpoints }) => relabel({ ...slice, endpoints })),
    remove: emptied.map(({ slice }) => slice),
    create,
    added: missing.size,
    removed: before - (wanted.size - missing.size),
  }
}
