/** By how much any endpoint may be loaded beyond the others because its zone has too few. */
const overloadThreshold = 0.2

/** How many endpoints a zone is to be served by. */
export interface Share {
  readonly minimum: number
  readonly maximum: number
  readonly desired: number
}

export type Shares = ReadonlyMap<string, Share>
export type ZoneCounts = ReadonlyMap<string, number>

/** What part of the ready nodes' processors each zone has; undefined where too little is known. */
export type ZoneRatios = ReadonlyMap<string, number> | undefined

const insufficientNodes =
  'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'

/** Shares in proportion to processors; a text where not every zone can have one without overload. */
export function sharesOf(ratios: ZoneRatios, count: number): Shares | string {
  if (ratios === undefined) return insufficientNodes
  const numbers = `(${count} endpoints, ${ratios.size} zones)`
  if (ratios.size > count) return `Insufficient number of endpoints ${numbers}`
  const least = new Map<string, { readonly minimum: number; readonly desired: number }>()
  let rest = count
  for (const [zone, ratio] of ratios) {
    const exact = ratio * count
    const minimum = Math.ceil(exact * (1 / (1 + overloadThreshold)))
    least.set(zone, { minimum, desired: Math.max(exact, minimum) })
    rest -= minimum
    if (rest < 0) {
      return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${numbers}`
    }
  }
  return new Map([...least].map(([zone, share]) => [zone, { ...share, maximum: share.minimum + rest }]))
}

/** Whether some zone has too few endpoints by now. */
export function isOverloaded(counts: ZoneCounts, ratios: ZoneRatios): boolean {
  if (counts.size === 0) return false
  if (ratios === undefined || ratios.size === 0) return true
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  for (const [zone, ratio] of ratios) {
    const minimum = Math.ceil(total * ratio * (1 / (1 + overloadThreshold)))
    if ((counts.get(zone) ?? -1) < minimum) return true
  }
  return false
}

function most(zones: ReadonlyMap<string, number>): readonly [zone: string, count: number] | undefined {
  let best: readonly [string, number] | undefined
  for (const entry of zones) if (entry[1] > (best?.[1] ?? 0)) best = entry
  return best
}

const add = (counts: Map<string, number>, zone: string, by: number): void => {
  counts.set(zone, (counts.get(zone) ?? 0) + by)
}

export interface Moves {
  /** Endpoints that a zone has too many of. */
  readonly giving: Map<string, number>
  readonly receiving: Map<string, number>
}

/** Whole endpoints that zones give to others, the neediest first. */
export function movesBetween(shares: Shares, counts: ZoneCounts): Moves {
  const surplus = new Map<string, number>()
  const need = new Map<string, number>()
  for (const [zone, { desired }] of shares) {
    const excess = (counts.get(zone) ?? 0) - desired
    if (excess > 0) surplus.set(zone, excess)
    else if (excess < 0) need.set(zone, -excess)
  }
  const giving = new Map<string, number>()
  const receiving = new Map<string, number>()
  for (;;) {
    const from = most(surplus)
    const to = most(need)
    if (from === undefined || to === undefined) break
    if ((from[1] < 1 && to[1] < 1) || from[1] < 0.5 || to[1] < 0.5) break
    add(giving, from[0], 1)
    add(surplus, from[0], -1)
    add(receiving, to[0], 1)
    add(need, to[0], -1)
  }
  return { giving, receiving }
}
