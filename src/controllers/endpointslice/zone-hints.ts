import { type Endpoint, isReady, type Slice, type SliceChanges } from './slice-changes.ts'
import { movesBetween, type Shares, sharesOf, type ZoneCounts, type ZoneRatios } from './zone-shares.ts'

export interface ZoneHints {
  readonly changes: SliceChanges
  /** How many endpoints serve each zone. */
  readonly counts: ZoneCounts
}

const hintedAt = (endpoint: Endpoint): readonly string[] =>
  (endpoint.hints?.forZones ?? []).map(({ name }) => name)

/** The hints in a slice that is not written otherwise; undefined if it has to be. */
function hintsIn(slice: Slice, counts: ZoneCounts, shares: Shares): ZoneCounts | undefined {
  const hints = new Map<string, number>()
  for (const endpoint of slice.endpoints ?? []) {
    if (!isReady(endpoint)) continue
    const zones = hintedAt(endpoint)
    if (zones.length === 0) return undefined
    for (const zone of zones) hints.set(zone, (hints.get(zone) ?? 0) + 1)
  }
  for (const [zone, count] of hints) {
    const share = shares.get(zone)
    if (share === undefined || count + (counts.get(zone) ?? 0) > share.maximum) return undefined
  }
  return hints
}

const hintAt = (endpoint: Endpoint, zone: string): Endpoint => ({
  ...endpoint,
  hints: { forZones: [{ name: zone }] },
})

/** Slices that may be written, as lists of endpoints that can still change. */
interface Draft {
  readonly slice: Slice
  readonly endpoints: Endpoint[]
}

const draft = (slice: Slice): Draft => ({ slice, endpoints: [...(slice.endpoints ?? [])] })
const finished = ({ slice, endpoints }: Draft): Slice => ({ ...slice, endpoints })

/** Hints that leave one zone for another that needs them more. Changes `counts`. */
function redistribute(drafts: readonly Draft[], shares: Shares, counts: Map<string, number>): void {
  const { giving, receiving } = movesBetween(shares, counts)
  const take = (zones: Map<string, number>, zone: string): void => {
    const left = (zones.get(zone) ?? 0) - 1
    if (left === 0) zones.delete(zone)
    else zones.set(zone, left)
  }
  for (const { endpoints } of drafts) {
    for (const [index, endpoint] of endpoints.entries()) {
      const from = endpoint.zone
      if (!isReady(endpoint) || from === undefined || !giving.has(from)) continue
      const [to] = receiving.keys()
      if (to === undefined) return
      endpoints[index] = hintAt(endpoint, to)
      take(giving, from)
      take(receiving, to)
      counts.set(to, (counts.get(to) ?? 0) + 1)
      counts.set(from, (counts.get(from) ?? 0) - 1)
    }
  }
}

/**
 * Every zone is served by endpoints in proportion to its processors: endpoints hint at their own zone, and
 * those of zones that have too many at others. A text says why that cannot be.
 */
export function hintAtZones(changes: SliceChanges, ratios: ZoneRatios): ZoneHints | string {
  const all = [...changes.create, ...changes.update, ...changes.unchanged]
  const ready = all.reduce((sum, { endpoints }) => sum + (endpoints ?? []).filter(isReady).length, 0)
  const shares = sharesOf(ratios, ready)
  if (typeof shares === 'string') return shares
  const counts = new Map<string, number>()
  const unchanged: Slice[] = []
  const stale: Slice[] = []
  for (const slice of changes.unchanged) {
    const hints = hintsIn(slice, counts, shares)
    if (hints === undefined) stale.push(slice)
    else {
      unchanged.push(slice)
      for (const [zone, count] of hints) counts.set(zone, (counts.get(zone) ?? 0) + count)
    }
  }
  const create = changes.create.map(draft)
  const update = [...changes.update, ...stale].map(draft)
  const drafts = [...create, ...update]
  for (const { endpoints } of drafts) {
    for (const [index, endpoint] of endpoints.entries()) {
      if (!isReady(endpoint)) continue
      if (endpoint.zone === undefined) return 'One or more endpoints do not have a zone specified'
      counts.set(endpoint.zone, (counts.get(endpoint.zone) ?? 0) + 1)
      endpoints[index] = hintAt(endpoint, endpoint.zone)
    }
  }
  redistribute(drafts, shares, counts)
  if (counts.size === 0) return 'No hints allocated for zones'
  return {
    changes: {
      create: create.map(finished),
      update: update.map(finished),
      remove: changes.remove,
      unchanged,
    },
    counts,
  }
}
