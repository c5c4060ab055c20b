import { goInt, goQuote } from '../../../apimachinery/go-text.ts'

/** Indexes from `first` to `last`, both included. */
export interface Interval {
  readonly first: number
  readonly last: number
}

/** What is wrong with a text of indexes. */
interface Wrong {
  readonly error: string
}

function parseIndex(text: string, completions: number): number | Wrong {
  const index = goInt(text)
  if (index === undefined) return { error: `cannot convert string to integer for index: ${goQuote(text)}` }
  return index < completions ? index : { error: `too large index: ${goQuote(text)}` }
}

const notIncreasing = (previous: number, current: number): Wrong => ({
  error: `non-increasing order, previous: ${previous}, current: ${current}`,
})

function parseInterval(text: string, completions: number): Interval | Wrong {
  const parts = text.split('-')
  const [start = '', end] = parts
  if (parts.length > 2) {
    const rule = "the requirement that an index interval can have at most two parts separated by '-'"
    return { error: `the fragment ${goQuote(text)} violates ${rule}` }
  }
  const first = parseIndex(start, completions)
  if (typeof first !== 'number') return first
  if (end === undefined) return { first, last: first }
  const last = parseIndex(end, completions)
  if (typeof last !== 'number') return last
  return first < last ? { first, last } : notIncreasing(first, last)
}

/** How many indexes a text like `1,3-5` names, or what is wrong with it. */
export function countIndexes(text: string, completions: number): number | Wrong {
  let count = 0
  let previous: number | undefined
  for (const part of text === '' ? [] : text.split(',')) {
    const interval = parseInterval(part, completions)
    if ('error' in interval) return interval
    if (previous !== undefined && previous >= interval.first) return notIncreasing(previous, interval.first)
    count += interval.last - interval.first + 1
    previous = interval.last
  }
  return count
}

/** The intervals that are well-formed by themselves. */
const readableIntervals = (text: string, completions: number): readonly Interval[] =>
  text.split(',').flatMap((part) => {
    const interval = parseInterval(part, completions)
    return 'error' in interval ? [] : [interval]
  })

/** The first index that both texts name. */
export function commonIndex(one: string, other: string, completions: number): number | undefined {
  const others = readableIntervals(other, completions)
  for (const { first, last } of readableIntervals(one, completions))
    for (const theirs of others)
      if (first <= theirs.last && theirs.first <= last) return Math.max(first, theirs.first)
  return undefined
}
