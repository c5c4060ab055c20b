import { operators } from '../syntax/expr.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  intType,
  listOf,
  stringType,
  timestampType,
  typeParam,
  uintType,
} from '../types/type.ts'
import { compare, equals } from '../values/compare.ts'
import {
  addInts,
  addUints,
  divideInts,
  divideUints,
  moduloInts,
  moduloUints,
  multiplyInts,
  multiplyUints,
  negateInt,
  subtractInts,
  subtractUints,
} from '../values/integers.ts'
import { addDuration, checkedDuration, durationBetween } from '../values/times.ts'
import { CelError, Double, type Value } from '../values/value.ts'
import { declare, type FunctionDeclaration, fn1, fn2, fn3, type Parameter, parameters } from './declare.ts'

const { string, int, uint, double, bool, bytes, timestamp, duration, any, list, map } = parameters
const paramA = any('A')
const paramB = any('B')
const listOfA = list(paramA)

function concatBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

const arithmetic: readonly FunctionDeclaration[] = [
  declare(
    operators.add,
    fn2('add_bytes', bytes, bytes, bytesType, concatBytes),
    fn2('add_double', double, double, doubleType, (a, b) => new Double(a.value + b.value)),
    fn2('add_duration_duration', duration, duration, durationType, (a, b) =>
      checkedDuration(a.nanos + b.nanos),
    ),
    fn2('add_duration_timestamp', duration, timestamp, timestampType, (a, b) => addDuration(b, a.nanos)),
    fn2('add_timestamp_duration', timestamp, duration, timestampType, (a, b) => addDuration(a, b.nanos)),
    fn2('add_int64', int, int, intType, addInts),
    fn2('add_list', listOfA, listOfA, listOf(typeParam('A')), (a, b) => a.concat(b)),
    fn2('add_string', string, string, stringType, (a, b) => a + b),
    fn2('add_uint64', uint, uint, uintType, addUints),
  ),
  declare(
    operators.subtract,
    fn2('subtract_double', double, double, doubleType, (a, b) => new Double(a.value - b.value)),
    fn2('subtract_duration_duration', duration, duration, durationType, (a, b) =>
      checkedDuration(a.nanos - b.nanos),
    ),
    fn2('subtract_int64', int, int, intType, subtractInts),
    fn2('subtract_timestamp_duration', timestamp, duration, timestampType, (a, b) =>
      addDuration(a, -b.nanos),
    ),
    fn2('subtract_timestamp_timestamp', timestamp, timestamp, durationType, durationBetween),
    fn2('subtract_uint64', uint, uint, uintType, subtractUints),
  ),
  declare(
    operators.multiply,
    fn2('multiply_double', double, double, doubleType, (a, b) => new Double(a.value * b.value)),
    fn2('multiply_int64', int, int, intType, multiplyInts),
    fn2('multiply_uint64', uint, uint, uintType, multiplyUints),
  ),
  declare(
    operators.divide,
    fn2('divide_double', double, double, doubleType, (a, b) => new Double(a.value / b.value)),
    fn2('divide_int64', int, int, intType, divideInts),
    fn2('divide_uint64', uint, uint, uintType, divideUints),
  ),
  declare(
    operators.modulo,
    fn2('modulo_int64', int, int, intType, moduloInts),
    fn2('modulo_uint64', uint, uint, uintType, moduloUints),
  ),
  declare(
    operators.negate,
    fn1('negate_double', double, doubleType, (value) => new Double(-value.value)),
    fn1('negate_int64', int, intType, negateInt),
  ),
]

/** The signatures of an order: the middle of an identifier, and what it compares. */
const ordered: readonly (readonly [string, Parameter<Value>, Parameter<Value>])[] = [
  ['bool', bool, bool],
  ['int64', int, int],
  ['int64_double', int, double],
  ['int64_uint64', int, uint],
  ['uint64', uint, uint],
  ['uint64_double', uint, double],
  ['uint64_int64', uint, int],
  ['double', double, double],
  ['double_int64', double, int],
  ['double_uint64', double, uint],
  ['string', string, string],
  ['bytes', bytes, bytes],
  ['timestamp', timestamp, timestamp],
  ['duration', duration, duration],
]

function order(name: string, prefix: string, holds: (order: -1 | 0 | 1) => boolean): FunctionDeclaration {
  const run = (a: Value, b: Value): Value => {
    const result = compare(a, b)
    return result instanceof CelError ? result : holds(result)
  }
  return declare(name, ...ordered.map(([id, a, b]) => fn2(`${prefix}_${id}`, a, b, boolType, run)))
}

const comparison: readonly FunctionDeclaration[] = [
  order(operators.less, 'less', (result) => result < 0),
  order(operators.lessEquals, 'less_equals', (result) => result <= 0),
  order(operators.greater, 'greater', (result) => result > 0),
  order(operators.greaterEquals, 'greater_equals', (result) => result >= 0),
  declare(operators.equals, fn2('equals', paramA, paramA, boolType, equals)),
  declare(
    operators.notEquals,
    fn2('not_equals', paramA, paramA, boolType, (a, b) => equals(a, b) !== true),
  ),
]

/** What the planner does itself; their signatures are for the checker. */
const planned = (): Value => new CelError('no such overload')

const logic: readonly FunctionDeclaration[] = [
  declare(operators.conditional, fn3('conditional', bool, paramA, paramA, typeParam('A'), planned)),
  declare(operators.and, fn2('logical_and', bool, bool, boolType, planned)),
  declare(operators.or, fn2('logical_or', bool, bool, boolType, planned)),
  declare(
    operators.not,
    fn1('logical_not', bool, boolType, (value) => !value),
  ),
  declare(operators.notStrictlyFalse, fn1('not_strictly_false', bool, boolType, planned)),
]

const containers: readonly FunctionDeclaration[] = [
  declare(
    operators.index,
    fn2('index_list', listOfA, int, typeParam('A'), planned),
    fn2('index_map', map(typeParam('A'), typeParam('B')), paramA, paramB.type, planned),
  ),
  declare(
    operators.in,
    fn2('in_list', paramA, listOfA, boolType, (value, elements) => elements.contains(value)),
    fn2('in_map', paramA, map(typeParam('A'), typeParam('B')), boolType, (key, entries) =>
      entries.contains(key),
    ),
  ),
]

export const standardOperators: readonly FunctionDeclaration[] = [
  ...arithmetic,
  ...comparison,
  ...logic,
  ...containers,
]
