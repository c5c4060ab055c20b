import { goInt } from '../../../apimachinery/go-text.ts'
import type { Interval } from './index-intervals.ts'

/** Indexes of a job's pods as intervals, in order, none touching the next. */
export type IndexSet = readonly Interval[]

/** All that are in any of the sets. */
export function joinIndexes(...sets: readonly IndexSet[]): IndexSet {
  const all = sets.flat().sort((a, b) => a.first - b.first)
  const joined: { first: number; last: number }[] = []
  for (const { first, last } of all) {
    const before = joined.at(-1)
    if (before === undefined || first > before.last + 1) joined.push({ first, last })
    else before.last = Math.max(before.last, last)
  }
  return joined
}

/** Reads `1,3-5`, of a job with so many completions: what is beyond them, or no interval, is left out. */
export function parseIndexes(text: string | undefined, completions: number): IndexSet {
  const intervals: Interval[] = []
  for (const part of text === undefined || text === '' ? [] : text.split(',')) {
    const [start, end] = part.split('-')
    const first = goInt(start)
    if (first === undefined) continue
    if (first >= completions) break
    const last = end === undefined ? first : goInt(end)
    if (last !== undefined) intervals.push({ first, last: Math.min(last, completions - 1) })
  }
  return joinIndexes(intervals)
}

/** `1,3-5`; two neighbours are written one by one. */
export const formatIndexes = (set: IndexSet): string =>
  set
    .map(({ first, last }) => {
      if (first === last) return String(first)
      return `${first}${last === first + 1 ? ',' : '-'}${last}`
    })
    .join(',')

export const indexSetOf = (indexes: Iterable<number>): IndexSet =>
  joinIndexes([...indexes].map((index) => ({ first: index, last: index })))

export const countIndexSet = (set: IndexSet): number =>
  set.reduce((count, { first, last }) => count + last - first + 1, 0)

/** Whether it is in the set; in logarithmic time. */
export function hasIndex(set: IndexSet, index: number): boolean {
  let low = 0
  let high = set.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((set[middle]?.last ?? 0) >= index) high = middle
    else low = middle + 1
  }
  const found = set[low]
  return found !== undefined && found.first <= index
}

/** How many indexes are in both. */
export function countShared(one: IndexSet, other: IndexSet): number {
  let count = 0
  let at = 0
  for (const { first, last } of one) {
    while ((other[at]?.last ?? last) < first) at++
    for (let next = at; next < other.length; next++) {
      const theirs = other[next]
      if (theirs === undefined || theirs.first > last) break
      count += Math.min(last, theirs.last) - Math.max(first, theirs.first) + 1
    }
  }
  return count
}

/** The lowest indexes below `completions` that are not in the set, at most `count`. */
export function missingIndexes(set: IndexSet, completions: number, count: number): readonly number[] {
  const missing: number[] = []
  let candidate = 0
  const takeUntil = (end: number): void => {
    for (; candidate < end && missing.length < count; candidate++) missing.push(candidate)
  }
  for (const { first, last } of set) {
    takeUntil(Math.min(first, completions))
    candidate = Math.max(candidate, last + 1)
  }
  takeUntil(completions)
  return missing
}
