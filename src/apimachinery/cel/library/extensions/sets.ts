import { boolType } from '../../types/type.ts'
import type { Equality, List } from '../../values/value.ts'
import { declare, type FunctionDeclaration, fn2, parameters } from '../declare.ts'

const { any, list } = parameters
const listOfT = list(any('T'))

function contains(values: List, part: List): Equality {
  for (const value of part) {
    const found = values.contains(value)
    if (found !== true) return found
  }
  return true
}

function equivalent(a: List, b: List): Equality {
  const found = contains(a, b)
  return found === true ? contains(b, a) : found
}

const intersects = (a: List, b: List): boolean => [...a].some((value) => b.contains(value) === true)

/** `ext.Sets`. */
export const setExtensions: readonly FunctionDeclaration[] = [
  declare('sets.contains', fn2('list_sets_contains_list', listOfT, listOfT, boolType, contains)),
  declare('sets.equivalent', fn2('list_sets_equivalent_list', listOfT, listOfT, boolType, equivalent)),
  declare('sets.intersects', fn2('list_sets_intersects_list', listOfT, listOfT, boolType, intersects)),
]
