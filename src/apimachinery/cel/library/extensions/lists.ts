import { bind } from '../../syntax/extension-macros.ts'
import {
  appendTo,
  comprehension,
  type Expand,
  folds,
  ident,
  iterationVariable,
  list as listExpr,
  type Macro,
  MacroError,
} from '../../syntax/macros.ts'
import { intType, listOf, listType, typeParam } from '../../types/type.ts'
import { ValueList } from '../../values/collections.ts'
import { compare, equals } from '../../values/compare.ts'
import { CelError, type Int, List, typeOf, type Value } from '../../values/value.ts'
import {
  declare,
  type FunctionDeclaration,
  fn1,
  method1,
  method2,
  method3,
  type Overload,
  type Parameter,
  parameters,
} from '../declare.ts'

const { any, int, uint, double, bool, duration, timestamp, string, bytes, list, dyn } = parameters
const listOfT = list(any('T'))
const typeListT = listOf(typeParam('T'))

const comparable: readonly Parameter<Value>[] = [int, uint, double, bool, duration, timestamp, string, bytes]

/** No list that a request holds is longer, and no budget allows more. */
const maxRange = 1_000_000

function slice(values: List, start: Int, end: Int): Value {
  if (start < 0 || end < 0)
    return new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`)
  if (start > end) {
    return new CelError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`)
  }
  if (values.size < end) return new CelError(`cannot slice(${start}, ${end}), list is length ${values.size}`)
  return new ValueList([...values].slice(Number(start), Number(end)))
}

function flattened(values: List, depth: Int): Value[] {
  return [...values].flatMap((value) =>
    value instanceof List && depth !== 0 ? flattened(value, Number(depth) - 1) : [value],
  )
}

const flatten = (values: List, depth: Int): Value =>
  depth < 0 ? new CelError('level must be non-negative') : new ValueList(flattened(values, depth))

function sortByKeys(values: List, keys: List): Value {
  if (values.size !== keys.size) {
    return new CelError(
      '@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ' +
        `${values.size} and ${keys.size} elements respectively`,
    )
  }
  const pairs = [...values].map((value, index) => ({ value, key: keys.at(index) }))
  const first = pairs[0]
  if (first === undefined) return values
  const type = typeOf(first.key).name
  if (pairs.some(({ key }) => typeOf(key).name !== type)) {
    return new CelError('list elements must have the same type')
  }
  if (compare(first.key, first.key) instanceof CelError && type !== 'double') {
    return new CelError('list elements must be comparable')
  }
  pairs.sort((a, b) => {
    const order = compare(a.key, b.key)
    return order instanceof CelError ? 0 : order
  })
  return new ValueList(pairs.map(({ value }) => value))
}

function range(count: Int): Value {
  if (count > maxRange) return new CelError(`lists.range(${count}) exceeds the limit of ${maxRange}`)
  return new ValueList(Array.from({ length: Math.max(Number(count), 0) }, (_, index) => index))
}

function distinct(values: List): Value {
  const unique: Value[] = []
  for (const value of values) {
    if (!unique.some((other) => equals(value, other) === true)) unique.push(value)
  }
  return new ValueList(unique)
}

const sorts = comparable.map(
  (type): Overload =>
    method1(`list_${type.type.name}_sort`, list(type), listOf(type.type), (values) =>
      sortByKeys(values, values),
    ),
)
const sortsBy = comparable.map(
  (type): Overload =>
    method2(`list_${type.type.name}_sortByAssociatedKeys`, listOfT, list(type), typeListT, sortByKeys),
)

const input = '@__sortBy_input__'

/** `list.sortBy(e, key)`: the keys are worked out once for each element. */
const expandSortBy: Expand = (offset, target, [variable, key]) => {
  if (target === undefined || variable === undefined || key === undefined) return undefined
  if (target.kind === 'literal' || target.kind === 'map' || target.kind === 'struct') {
    return new MacroError(
      target.offset,
      'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
    )
  }
  const iterVar = iterationVariable(variable, 'argument is not an identifier')
  if (iterVar instanceof MacroError) return iterVar
  const fold = folds.gather(offset, listExpr(offset), appendTo(offset, key), undefined)
  const keys = comprehension(offset, ident(offset, input), iterVar, fold)
  return bind(offset, input, target, {
    kind: 'call',
    offset,
    name: '@sortByAssociatedKeys',
    target: ident(offset, input),
    args: [keys],
  })
}

export const listMacros: readonly Macro[] = [
  { name: 'sortBy', isMethod: true, argCount: 2, expand: expandSortBy },
]

/** `ext.Lists` of version 3. */
export const listExtensions: readonly FunctionDeclaration[] = [
  declare('slice', method3('list_slice', listOfT, int, int, typeListT, slice)),
  declare(
    'flatten',
    method1('list_flatten', { ...listOfT, type: listOf(typeListT) }, typeListT, (values) =>
      flatten(values, 1),
    ),
    method2('list_flatten_int', list(dyn), int, listType, flatten),
  ),
  declare('sort', ...sorts),
  declare('@sortByAssociatedKeys', ...sortsBy),
  declare('lists.range', fn1('lists_range', int, listOf(intType), range)),
  declare(
    'reverse',
    method1('list_reverse', listOfT, typeListT, (values) => new ValueList([...values].reverse())),
  ),
  declare('distinct', method1('list_distinct', listOfT, typeListT, distinct)),
]
