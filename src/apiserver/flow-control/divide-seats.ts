import { allocateSeats } from './allocate-seats.ts'
import type { PriorityLevel } from './priority-level.ts'

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/**
 * Gives every level its seats for the next period: what the exempt ones use is taken first, the others get what they
 * asked for of late, between what they never lend and what they may borrow. Returns the fair fraction.
 */
export function divideSeats(levels: readonly PriorityLevel[]): number {
  for (const level of levels) level.measureDemand()
  const exempt = levels.filter(({ isExempt }) => isExempt)
  const others = levels.filter(({ isExempt }) => !isExempt)
  for (const level of exempt) level.setSeats(level.minCurrentSeats)
  const total = sum(levels.map(({ nominalSeats }) => nominalSeats))
  const remaining = total - sum(exempt.map(({ currentSeats }) => currentSeats))
  const least = sum(others.map(({ minSeats }) => minSeats))
  const leastNow = sum(others.map(({ minCurrentSeats }) => minCurrentSeats))
  for (const level of others) level.targetSeats = Math.max(level.minCurrentSeats, level.demand.smoothed)
  if (remaining <= least) {
    for (const level of others) level.setSeats(level.minSeats)
    return 0
  }
  if (remaining <= leastNow) {
    const fraction = (remaining - least) / (leastNow - least)
    for (const level of others)
      level.setSeats(level.minSeats + Math.round((level.minCurrentSeats - level.minSeats) * fraction))
    return 0
  }
  const allocation = allocateSeats(
    total,
    others.map((level) => ({
      target: level.targetSeats,
      lower: level.minCurrentSeats,
      upper: level.maxSeats,
    })),
  )
  others.forEach((level, at) => {
    level.setSeats(Math.round(allocation?.seats[at] ?? level.currentSeats))
  })
  return allocation?.fairFraction ?? 0
}
