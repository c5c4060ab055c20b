import { utf8Length } from '../../utf8-length.ts'
import { codePointLength } from '../values/text.ts'
import { List, MapValue, Opaque, Optional, type Value } from '../values/value.ts'

/** Cost of one character of a string. */
export const traversalFactor = 0.1
/** Cost of one character of a regular expression, for one unit of its text. */
export const regexFactor = 0.25
export const listCost = 10
export const mapCost = 30
export const structCost = 40

/** Elements, entries, characters or bytes of a value; 1 for what has no size. */
export function actualSize(value: Value): number {
  if (typeof value === 'string') return codePointLength(value)
  if (value instanceof Uint8Array) return value.length
  if (value instanceof List || value instanceof MapValue) return value.size
  if (value instanceof Opaque) return value.size ?? 1
  return value instanceof Optional && value.value !== undefined ? actualSize(value.value) : 1
}

/** What looking at all of a value costs. */
export function traversalCost(value: Value): number {
  if (typeof value === 'string') return Math.trunc(utf8Length(value) * traversalFactor)
  if (value instanceof Uint8Array) return Math.trunc(value.length * traversalFactor)
  let cost = 0
  if (value instanceof List) {
    for (const element of value) cost += traversalCost(element)
    return cost
  }
  if (!(value instanceof MapValue)) return 1
  for (const key of value.keys()) cost += traversalCost(key) + traversalCost(value.find(key) ?? null)
  return cost
}
