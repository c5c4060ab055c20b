import { badRequest } from '../../apimachinery/status-error.ts'
import type { Query } from '../query.ts'

/** A boolean parameter as upstream's conversion reads it: anything but `false` and `0` is true; undefined when absent. */
export function booleanValue(query: Query, name: string): boolean | undefined {
  const text = query.get(name)
  if (text === undefined) return undefined
  const lower = text.toLowerCase()
  return lower !== 'false' && lower !== '0'
}

const digits = /^[+-]?\d+$/

/** Go's ParseInt; BadRequest with its text for anything else. */
export function integerValue(query: Query, name: string): number | undefined {
  const text = query.get(name)
  if (text === undefined) return undefined
  if (!digits.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  return value
}
