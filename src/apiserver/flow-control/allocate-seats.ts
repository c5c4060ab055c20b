/** One level's part in the division: it wants `target`, and gets between `lower` and `upper`. */
export interface SeatClass {
  readonly target: number
  readonly lower: number
  readonly upper: number
}

export interface Allocation {
  readonly seats: readonly number[]
  /** What each gets of its target, unless a bound says otherwise. */
  readonly fairFraction: number
}

/** A target of nothing would make proportions infinite. */
const leastTarget = 0.001
const epsilon = 1e-7

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const clamp = (value: number, { lower, upper }: SeatClass): number => Math.max(lower, Math.min(upper, value))

/**
 * Divides `total` seats so that all classes get the same fraction of their targets, as far as their bounds allow
 * (KEP-1040, "Dispatching"; upstream's `computeConcurrencyAllocation`). Undefined where the bounds leave no way.
 */
export function allocateSeats(total: number, classes: readonly SeatClass[]): Allocation | undefined {
  const items = classes.map((each) => ({ ...each, target: Math.max(each.target, leastTarget) }))
  if (items.some(({ target, lower, upper }) => lower < 0 || target < lower || upper < lower)) return undefined
  const least = sum(items.map(({ lower }) => lower))
  const most = sum(items.map(({ upper }) => upper))
  if (total < 0 || least - total > epsilon || total - most > epsilon) return undefined
  if (total === 0) return { seats: items.map(() => 0), fairFraction: 0 }
  const lowerFractions = items.map(({ lower, target }) => lower / target)
  const upperFractions = items.map(({ upper, target }) => upper / target)
  if (least - total > -epsilon)
    return { seats: items.map(({ lower }) => lower), fairFraction: Math.min(...lowerFractions) }
  if (total - most > -epsilon)
    return { seats: items.map(({ upper }) => upper), fairFraction: Math.max(...upperFractions) }
  const fairFraction = solve(total, items, [...lowerFractions, ...upperFractions])
  return { seats: items.map((each) => clamp(fairFraction * each.target, each)), fairFraction }
}

/** What all get together rises with the fraction, in straight lines between the bounds that are met on the way. */
function solve(total: number, items: readonly SeatClass[], bounds: readonly number[]): number {
  const given = (fraction: number): number => sum(items.map((each) => clamp(fraction * each.target, each)))
  const ascending = [0, ...bounds].sort((left, right) => left - right)
  for (let at = 1; at < ascending.length; at++) {
    const from = ascending[at - 1] ?? 0
    const to = ascending[at] ?? 0
    const low = given(from)
    const high = given(to)
    if (high < total || high === low) continue
    return from + ((total - low) / (high - low)) * (to - from)
  }
  return ascending.at(-1) ?? 0
}
