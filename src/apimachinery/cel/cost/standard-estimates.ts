import { add, type CallEstimate, fixed, multiply, type SizeEstimate, scale } from './estimates.ts'
import { regexFactor, traversalFactor } from './sizes.ts'

/** Sizes of a call's target, if it has one, and of its arguments. */
export interface OperandSizes {
  readonly target: SizeEstimate | undefined
  readonly args: readonly SizeEstimate[]
}

type Estimate = (sizes: OperandSizes) => CallEstimate | undefined

const traversed = (size: SizeEstimate): CallEstimate => scale(size, traversalFactor)

const ofArgument =
  (estimate: (size: SizeEstimate) => CallEstimate): Estimate =>
  ({ args: [size] }) =>
    size === undefined ? undefined : estimate(size)

/** As far as the shorter of two goes. */
const compared: Estimate = ({ args: [left, right] }) => {
  if (left === undefined || right === undefined) return undefined
  const max = Math.min(left.max, right.max)
  return traversed({ min: max > 0 ? 1 : 0, max })
}

const searched =
  (text: (size: SizeEstimate) => CallEstimate, pattern: (size: SizeEstimate) => CallEstimate): Estimate =>
  ({ target, args: [argument] }) =>
    target === undefined || argument === undefined ? undefined : multiply(text(target), pattern(argument))

const orders = ['less', 'greater', 'less_equals', 'greater_equals'].flatMap((order) => [
  `${order}_string`,
  `${order}_bytes`,
])

/** The standard functions that cost more than one unit, by overload. */
export const standardEstimates: ReadonlyMap<string, Estimate> = new Map<string, Estimate>([
  ['string_format', ({ target }) => (target === undefined ? undefined : traversed(target))],
  [
    'string_to_bytes',
    ofArgument((size) => ({ ...traversed(size), resultSize: { min: size.min, max: size.max * 4 } })),
  ],
  [
    'bytes_to_string',
    ofArgument((size) => ({
      ...traversed(size),
      resultSize: { min: Math.trunc(size.min / 4), max: size.max },
    })),
  ],
  [
    'strings_quote',
    ofArgument((size) => ({
      ...traversed(size),
      resultSize: { min: size.min + 2, max: size.max * 2 + 2 },
    })),
  ],
  ['starts_with_string', ofArgument(traversed)],
  ['ends_with_string', ofArgument(traversed)],
  ['in_list', ({ args: [, list] }) => list],
  [
    'matches_string',
    searched(
      (size) => traversed(add(size, fixed(1))),
      (size) => scale(size, regexFactor),
    ),
  ],
  ['contains_string', searched(traversed, traversed)],
  ...orders.map((id): readonly [string, Estimate] => [id, compared]),
  ['equals', compared],
  ['not_equals', compared],
])
