import { operators } from '../syntax/expr.ts'
import { boolType, listOf, mapOf, optionalOf, typeParam } from '../types/type.ts'
import { ValueList } from '../values/collections.ts'
import { formatPlain } from '../values/format.ts'
import {
  CelError,
  Double,
  Duration,
  List,
  MapValue,
  none,
  Optional,
  Timestamp,
  Uint,
  type Value,
} from '../values/value.ts'
import {
  declare,
  type FunctionDeclaration,
  fn0,
  fn1,
  fn2,
  method1,
  method2,
  type Parameter,
  parameters,
} from './declare.ts'

const { any, int, string, list, map, optional, dyn } = parameters
const paramV = any('V')
const paramK = any('K')
const typeV = typeParam('V')
const mapKV = map(typeParam('K'), typeV)
const optionalV = optional(typeV)
const optionalList: Parameter<Optional> = optional(listOf(typeV))
const optionalMap: Parameter<Optional> = optional(mapOf(typeParam('K'), typeV))

/** Whether a value is what a field has that nobody set. */
function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0) return true
  if (value instanceof Double || value instanceof Uint) return value.value === 0
  if (value instanceof List || value instanceof MapValue) return value.size === 0
  if (value instanceof Uint8Array) return value.length === 0
  if (value instanceof Duration) return value.nanos === 0n
  return value instanceof Timestamp && value.seconds === -62_135_596_800 && value.nanos === 0
}

function unwrapAll(values: List): Value {
  const found: Value[] = []
  for (const value of values) {
    if (!(value instanceof Optional)) return new CelError(`value ${formatPlain(value)} is not optional`)
    if (value.value !== undefined) found.push(value.value)
  }
  return new ValueList(found)
}

const at = (values: List, index: number): Value => (values.size === 0 ? none : new Optional(values.at(index)))

/** The planner takes these apart. */
const planned = (): Value => new CelError('no such overload')

/** https://github.com/google/cel-go: `cel.OptionalTypes()`. */
export const optionals: readonly FunctionDeclaration[] = [
  declare(
    'optional.of',
    fn1('optional_of', paramV, optionalOf(typeV), (value) => new Optional(value)),
  ),
  declare(
    'optional.ofNonZeroValue',
    fn1('optional_ofNonZeroValue', paramV, optionalOf(typeV), (value) =>
      isZero(value) ? none : new Optional(value),
    ),
  ),
  declare(
    'optional.none',
    fn0('optional_none', optionalOf(typeV), () => none),
  ),
  declare(
    'value',
    method1('optional_value', optionalV, typeV, ({ value }) => value ?? noValue(value)),
  ),
  declare(
    'hasValue',
    method1('optional_hasValue', optionalV, boolType, ({ value }) => value !== undefined),
  ),
  declare('or', method2('optional_or_optional', optionalV, optionalV, optionalOf(typeV), planned)),
  declare('orValue', method2('optional_orValue_value', optionalV, paramV, typeV, planned)),
  declare(operators.optSelect, fn2('select_optional_field', dyn, string, optionalOf(typeV), planned)),
  declare(
    operators.optIndex,
    fn2('list_optindex_optional_int', list(paramV), int, optionalOf(typeV), planned),
    fn2('optional_list_optindex_optional_int', optionalList, int, optionalOf(typeV), planned),
    fn2('map_optindex_optional_value', mapKV, paramK, optionalOf(typeV), planned),
    fn2('optional_map_optindex_optional_value', optionalMap, paramK, optionalOf(typeV), planned),
  ),
  declare(
    operators.index,
    fn2('optional_list_index_int', optionalList, int, optionalOf(typeV), planned),
    fn2('optional_map_index_value', optionalMap, paramK, optionalOf(typeV), planned),
  ),
  declare(
    'last',
    method1('list_last', list(paramV), optionalOf(typeV), (values) => at(values, values.size - 1)),
  ),
  declare(
    'first',
    method1('list_first', list(paramV), optionalOf(typeV), (values) => at(values, 0)),
  ),
  declare(
    'optional.unwrap',
    fn1('optional_unwrap', list({ ...optionalV, type: optionalOf(typeV) }), listOf(typeV), unwrapAll),
  ),
  declare(
    'unwrapOpt',
    method1('optional_unwrapOpt', list({ ...optionalV, type: optionalOf(typeV) }), listOf(typeV), unwrapAll),
  ),
]

/** null is a value; the absence of one is an error. */
const noValue = (value: null | undefined): Value =>
  value === null ? null : new CelError('optional.none() dereference')
