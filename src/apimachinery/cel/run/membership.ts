import { normalInt } from '../values/integers.ts'
import { Double, isInt, List, Uint, type Value } from '../values/value.ts'

/** Equal values have one key; undefined for values that no key stands for. */
function keyOf(value: Value): string | boolean | number | bigint | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || isInt(value)) return value
  if (value instanceof Uint) return value.value
  if (!(value instanceof Double)) return undefined
  return Number.isInteger(value.value) ? normalInt(BigInt(value.value)) : value.value
}

/** `in` over a constant list as a set; undefined if the list holds more than simple values. */
export function membershipOf(list: Value): ((value: Value) => boolean) | 'empty' | undefined {
  if (!(list instanceof List)) return undefined
  if (list.size === 0) return 'empty'
  const members = new Set<unknown>()
  for (const element of list) {
    const key = keyOf(element)
    if (key === undefined) return undefined
    members.add(key)
  }
  return (value) => {
    const key = keyOf(value)
    return key !== undefined && !Number.isNaN(key) && members.has(key)
  }
}
