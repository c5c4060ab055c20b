import { mapInsert } from '../syntax/extension-macros.ts'
import { mapOf, typeParam } from '../types/type.ts'
import { GrowingMap } from '../values/collections.ts'
import { formatPlain } from '../values/format.ts'
import { CelError, type MapValue, type Value } from '../values/value.ts'
import { declare, type FunctionDeclaration, fn2, fn3, parameters } from './declare.ts'

const { any, map } = parameters
const mapType = mapOf(typeParam('K'), typeParam('V'))
const mapKV = map(typeParam('K'), typeParam('V'))

/** Adds to a map in the making; a copy where it is not one. */
function insert(target: MapValue, entries: Iterable<readonly [Value, Value]>): Value {
  const growing = target instanceof GrowingMap ? target : copyOf(target)
  for (const [key, value] of entries) {
    if (growing.find(key) !== undefined)
      return new CelError(`insert failed: key ${formatPlain(key)} already exists`)
    const error = growing.set(key, value)
    if (error !== undefined) return error
  }
  return growing
}

function copyOf(map: MapValue): GrowingMap {
  const copy = new GrowingMap()
  for (const key of map.keys()) copy.set(key, map.find(key) ?? null)
  return copy
}

function* entriesOf(map: MapValue): Iterable<readonly [Value, Value]> {
  for (const key of map.keys()) yield [key, map.find(key) ?? null]
}

/** What `transformMap` and `transformMapEntry` gather with. */
export const twoVariableFunctions: readonly FunctionDeclaration[] = [
  declare(
    mapInsert,
    fn3('@mapInsert_map_key_value', mapKV, any('K'), any('V'), mapType, (target, key, value) =>
      insert(target, [[key, value]]),
    ),
    fn2('@mapInsert_map_map', mapKV, mapKV, mapType, (target, update) => insert(target, entriesOf(update))),
  ),
]
