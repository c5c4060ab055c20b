import type { Estimate } from './call-estimate.ts'
import {
  add,
  type CallEstimate,
  type CallOperand,
  fixed,
  multiply,
  type SizeEstimate,
  scale,
  sumOf,
  unbounded,
} from './estimates.ts'
import { listCost, traversalFactor } from './sizes.ts'

const one = fixed(1)

/** A call that makes a list of a size. */
const allocating = (factor: number, size: SizeEstimate): CallEstimate => ({
  ...sumOf([scale(size, factor), one, fixed(listCost)]),
  resultSize: size,
})

/** The number that an argument is, if the expression says it. */
function literalNumber(operand: CallOperand | undefined, otherwise: number): number {
  const expr = operand?.expr
  if (expr?.kind !== 'literal' || typeof expr.value !== 'number') return otherwise
  return Math.max(expr.value, 0)
}

const sets =
  (factor: number): Estimate =>
  ({ args: [first, second], sizeOf }) =>
    first === undefined || second === undefined
      ? undefined
      : add(scale(multiply(sizeOf(first), sizeOf(second)), factor), one)

const slice: Estimate = ({ target, args: [start, end], sizeOf }) => {
  if (target === undefined) return undefined
  return allocating(1, fixed(literalNumber(end, sizeOf(target).max) - literalNumber(start, 0)))
}

const flatten: Estimate = ({ target, args: [depth], sizeOf }) =>
  target === undefined
    ? undefined
    : allocating(depth === undefined ? 1 : literalNumber(depth, unbounded), sizeOf(target))

const range: Estimate = ({ args: [count] }) => allocating(1, fixed(literalNumber(count, unbounded)))

const reverse: Estimate = ({ target, sizeOf }) =>
  target === undefined ? undefined : allocating(1, sizeOf(target))

const squared = (size: SizeEstimate): SizeEstimate => multiply(size, size)

const distinct: Estimate = ({ target, sizeOf }) =>
  target === undefined ? undefined : allocating(2, squared(sizeOf(target)))

const isText = (type: string): boolean => type === 'string' || type === 'bytes'
const factorOf = (type: string): number => (isText(type) ? 2 + traversalFactor : 2)

const sort =
  (type: string): Estimate =>
  ({ target, sizeOf }) =>
    target === undefined ? undefined : allocating(factorOf(type), squared(sizeOf(target)))

const sortBy =
  (type: string): Estimate =>
  ({ args: [keys], sizeOf }) =>
    keys === undefined ? undefined : allocating(factorOf(type), squared(sizeOf(keys)))

const sortable = 'int uint double bool google.protobuf.Duration google.protobuf.Timestamp string bytes'.split(
  ' ',
)

/** `ext.Sets` and `ext.Lists` estimate by overload. */
export const extensionEstimates: ReadonlyMap<string, Estimate> = new Map([
  ['list_sets_contains_list', sets(1)],
  ['list_sets_intersects_list', sets(1)],
  ['list_sets_equivalent_list', sets(2)],
  ['list_slice', slice],
  ['list_flatten', flatten],
  ['list_flatten_int', flatten],
  ['lists_range', range],
  ['list_reverse', reverse],
  ['list_distinct', distinct],
  ...sortable.map((type): readonly [string, Estimate] => [`list_${type}_sort`, sort(type)]),
  ...sortable.map((type): readonly [string, Estimate] => [`list_${type}_sortByAssociatedKeys`, sortBy(type)]),
])
