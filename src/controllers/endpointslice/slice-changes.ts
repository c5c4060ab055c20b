import type { discovery } from '../../api/generated/types/index.ts'

export type Slice = discovery.v1.EndpointSlice
export type Endpoint = discovery.v1.Endpoint

/** What is to become of a service's slices of one address family. */
export interface SliceChanges {
  readonly create: readonly Slice[]
  readonly update: readonly Slice[]
  readonly remove: readonly Slice[]
  readonly unchanged: readonly Slice[]
}

export const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready === true

export function withoutHints(endpoint: Endpoint): Endpoint {
  if (endpoint.hints === undefined) return endpoint
  const { hints: _, ...rest } = endpoint
  return rest
}

/** Other endpoints in a slice; the slice itself where none is another. */
export function mapEndpoints(slice: Slice, map: (endpoint: Endpoint) => Endpoint): Slice {
  const old = slice.endpoints ?? []
  const endpoints = old.map(map)
  return endpoints.some((endpoint, index) => endpoint !== old[index]) ? { ...slice, endpoints } : slice
}

/** `map` applied to all slices that stay; what it changes in unchanged ones makes them updates. */
export function mapSlices(
  { create, update, remove, unchanged }: SliceChanges,
  map: (slice: Slice) => Slice,
): SliceChanges {
  const same: Slice[] = []
  const changed: Slice[] = []
  for (const slice of unchanged) {
    const next = map(slice)
    if (next === slice) same.push(slice)
    else changed.push(next)
  }
  return { create: create.map(map), update: [...update.map(map), ...changed], remove, unchanged: same }
}

/** No endpoint has hints. */
export const removeHints = (changes: SliceChanges): SliceChanges =>
  mapSlices(changes, (slice) => mapEndpoints(slice, withoutHints))
