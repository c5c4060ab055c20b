import { boolType, intType } from '../../types/type.ts'
import { compare, equals } from '../../values/compare.ts'
import { addInts, addUints } from '../../values/integers.ts'
import { checkedDuration } from '../../values/times.ts'
import {
  CelError,
  Double,
  Duration,
  isInt,
  type List,
  noSuchOverload,
  Uint,
  type Value,
} from '../../values/value.ts'
import {
  declare,
  type FunctionDeclaration,
  method1,
  method2,
  type Parameter,
  parameters,
} from '../declare.ts'

const { any, int, uint, double, bool, duration, timestamp, string, bytes, list } = parameters

const comparable: readonly (readonly [string, Parameter<Value>])[] = [
  ['int', int],
  ['uint', uint],
  ['double', double],
  ['bool', bool],
  ['duration', duration],
  ['timestamp', timestamp],
  ['string', string],
  ['bytes', bytes],
]

const summable: readonly (readonly [string, Parameter<Value>, Value])[] = [
  ['int', int, 0],
  ['uint', uint, new Uint(0)],
  ['double', double, new Double(0)],
  ['duration', duration, new Duration(0n)],
]

function add(a: Value, b: Value): Value {
  if (isInt(a) && isInt(b)) return addInts(a, b)
  if (a instanceof Uint && b instanceof Uint) return addUints(a, b)
  if (a instanceof Double && b instanceof Double) return new Double(a.value + b.value)
  return a instanceof Duration && b instanceof Duration
    ? checkedDuration(a.nanos + b.nanos)
    : noSuchOverload()
}

function sum(values: List, zero: Value): Value {
  let total = zero
  for (const value of values) {
    total = add(total, value)
    if (total instanceof CelError) return total
  }
  return total
}

function isSorted(values: List): Value {
  for (let index = 1; index < values.size; index++) {
    if (compare(values.at(index - 1), values.at(index)) === 1) return false
  }
  return true
}

/** The first of the largest (`wanted` -1: what there is is less) or smallest (1) values. */
function extreme(values: List, wanted: -1 | 1, name: string): Value {
  if (values.size === 0) return new CelError(`${name} called on empty list`)
  let result = values.at(0)
  for (let index = 1; index < values.size; index++) {
    const next = values.at(index)
    if (compare(result, next) === wanted) result = next
  }
  return result
}

function indexOf(values: List, value: Value): Value {
  for (let index = 0; index < values.size; index++) if (equals(values.at(index), value) === true) return index
  return -1
}

function lastIndexOf(values: List, value: Value): Value {
  for (let index = values.size - 1; index >= 0; index--) {
    if (equals(values.at(index), value) === true) return index
  }
  return -1
}

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-list-library */
export const listFunctions: readonly FunctionDeclaration[] = [
  declare(
    'isSorted',
    ...comparable.map(([name, type]) =>
      method1(`list_${name}_is_sorted_bool`, list(type), boolType, isSorted),
    ),
  ),
  declare(
    'sum',
    ...summable.map(([name, type, zero]) =>
      method1(`list_${name}_sum_${name}`, list(type), type.type, (values) => sum(values, zero)),
    ),
  ),
  declare(
    'max',
    ...comparable.map(([name, type]) =>
      method1(`list_${name}_max_${name}`, list(type), type.type, (values) => extreme(values, -1, 'max')),
    ),
  ),
  declare(
    'min',
    ...comparable.map(([name, type]) =>
      method1(`list_${name}_min_${name}`, list(type), type.type, (values) => extreme(values, 1, 'min')),
    ),
  ),
  declare('indexOf', method2('list_a_index_of_int', list(any('A')), any('A'), intType, indexOf)),
  declare('lastIndexOf', method2('list_a_last_index_of_int', list(any('A')), any('A'), intType, lastIndexOf)),
]
