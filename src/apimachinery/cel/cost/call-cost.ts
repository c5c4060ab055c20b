import { isInt, List, Opaque, type Value } from '../values/value.ts'
import { actualSize, listCost, regexFactor, traversalCost, traversalFactor } from './sizes.ts'

/** What a call cost, by its arguments (a method's receiver first) and its result. */
type Measure = (args: readonly Value[], result: Value) => number

export type CallCost = number | Measure

const sizeAt = (args: readonly Value[], index: number): number => actualSize(args[index] ?? null)
const scaled = (size: number, factor = traversalFactor): number => Math.ceil(size * factor)

const firstTraversed: Measure = (args) => scaled(sizeAt(args, 0))
const firstTraversedTwice: Measure = (args) => scaled(sizeAt(args, 0), 2 * traversalFactor)
const wholeFirst: Measure = ([first = null]) => traversalCost(first)
const pattern = (text: number, regex: number): number => scaled(1 + text) * scaled(regex, regexFactor)
const regexSearch: Measure = (args) => pattern(sizeAt(args, 0), sizeAt(args, 1))

const selector: Measure = (args) => {
  const length = sizeAt(args, 1)
  return listCost + scaled(length) + Math.ceil(Math.ceil(length * 0.5) * 50)
}

const containsIp =
  (isText: boolean): Measure =>
  (args) =>
    scaled(2 * sizeAt(args, 0)) + (isText ? scaled(sizeAt(args, 1)) : 0)

const containsCidr =
  (isText: boolean): Measure =>
  (args) => {
    const size = sizeAt(args, 0)
    return scaled(2 * size) + scaled(size) + 1 + (isText ? scaled(sizeAt(args, 1)) : 0)
  }

/** Of an equality: library types compare in one step, others as far as the shorter goes. */
const equality: Measure = (args) =>
  args[0] instanceof Opaque ? 1 : scaled(Math.min(sizeAt(args, 0), sizeAt(args, 1)))

const sum: Measure = (args) => scaled(sizeAt(args, 0) + sizeAt(args, 1))
const shorter: Measure = (args) => scaled(Math.min(sizeAt(args, 0), sizeAt(args, 1)))

const names = (text: string): readonly string[] => text.split(' ')
const each = (text: string, cost: CallCost): readonly (readonly [string, CallCost])[] =>
  names(text).map((name) => [name, cost])

/** Kubernetes' libraries count by a function's name. */
const byFunction: ReadonlyMap<string, CallCost> = new Map([
  ['check', 350_000],
  ...each('serviceAccount path group resource subresource namespace name allowed reason error errored', 1),
  ...each('fieldSelector labelSelector', selector),
  ...each('isSorted sum max min indexOf lastIndexOf', wholeFirst),
  ...each('url lowerAscii upperAscii substring trim jsonpatch.escapeKey', firstTraversed),
  ...each('replace split', firstTraversedTwice),
  ['join', (_, result) => scaled(actualSize(result), 2 * traversalFactor)],
  ...each('find findAll', regexSearch),
  ...each('cidr isIP isCIDR quantity isQuantity semver isSemver', firstTraversed),
  ['ip.isCanonical', firstTraversedTwice],
  ...each('masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast', 1),
  ...each('isGlobalUnicast format.named sign asInteger isInteger asApproximateFloat isGreaterThan', 1),
  ...each('isLessThan compareTo add sub major minor patch', 1),
  ...each('getScheme getHostname getHost getPort getEscapedPath getQuery', 1),
  ['_==_', equality],
])

/** Lists that are compared with themselves: sorting, finding duplicates. */
const selfCompared = (list: Value): number => {
  const size = actualSize(list)
  const first = list instanceof List && size > 0 ? list.at(0) : null
  const factor = typeof first === 'string' || first instanceof Uint8Array ? 2 + traversalFactor : 2
  return Math.trunc(size * size * factor) + 1 + listCost
}

const outputSize: Measure = (_, result) => actualSize(result) + 1 + listCost
const flattened: Measure = ([list = null, depth = 1]) =>
  Math.trunc(actualSize(list) * (isInt(depth) ? Number(depth) : 1)) + 1 + listCost
const sets =
  (factor: number): Measure =>
  (args) =>
    1 + sizeAt(args, 0) * sizeAt(args, 1) * factor

const sortable = names('int uint double bool google.protobuf.Duration google.protobuf.Timestamp string bytes')

/** Extensions that count by overload come before what counts by name. */
const byExtension: ReadonlyMap<string, CallCost> = new Map([
  ['list_sets_contains_list', sets(1)],
  ['list_sets_intersects_list', sets(1)],
  ['list_sets_equivalent_list', sets(2)],
  ['list_slice', outputSize],
  ['list_flatten', flattened],
  ['list_flatten_int', flattened],
  ['lists_range', outputSize],
  ['list_reverse', outputSize],
  ['list_distinct', ([list = null]) => selfCompared(list)],
  ...sortable.map((type): readonly [string, CallCost] => [
    `list_${type}_sort`,
    ([list = null]) => selfCompared(list),
  ]),
  ...sortable.map((type): readonly [string, CallCost] => [
    `list_${type}_sortByAssociatedKeys`,
    ([, keys = null]) => selfCompared(keys),
  ]),
])

const orders = ['less', 'greater', 'less_equals', 'greater_equals'].flatMap((order) => [
  `${order}_string`,
  `${order}_bytes`,
])

/** The standard library's, where a call costs more than one unit. */
const byOverload: ReadonlyMap<string, CallCost> = new Map([
  ...each(
    'starts_with_string ends_with_string string_to_bytes bytes_to_string strings_quote string_format',
    firstTraversed,
  ),
  ['in_list', (args) => sizeAt(args, 1)],
  ...orders.map((id): readonly [string, CallCost] => [id, shorter]),
  ['equals', shorter],
  ['not_equals', shorter],
  ['add_string', sum],
  ['add_bytes', sum],
  ['matches_string', regexSearch],
  ['contains_string', (args) => scaled(sizeAt(args, 0)) * scaled(sizeAt(args, 1))],
])

/** Kubernetes' functions whose cost depends on the overload too. */
const special: ReadonlyMap<string, (overload: string) => CallCost> = new Map([
  ['ip', (overload: string): CallCost => (overload === 'cidr_ip' ? 1 : firstTraversed)],
  ['containsIP', (overload: string) => containsIp(overload === 'cidr_contains_ip_string')],
  ['containsCIDR', (overload: string) => containsCidr(overload === 'cidr_contains_cidr_string')],
])

/** Of a format: the size of its regular expression. */
export interface Validating {
  readonly maxRegexSize: number
}

const isValidating = (value: unknown): value is Validating =>
  value instanceof Opaque && typeof Reflect.get(value, 'maxRegexSize') === 'number'

const validation: Measure = (args) => {
  const format = args[0]
  return isValidating(format) ? pattern(sizeAt(args, 1), format.maxRegexSize) : 1
}

/** How a call's cost is counted. `overload` is empty where the arguments' types leave several. */
export function callCost(name: string, overload: string): CallCost {
  const extension = byExtension.get(overload)
  if (extension !== undefined) return extension
  if (name === 'validate') return validation
  const dependent = special.get(name)
  if (dependent !== undefined) return dependent(overload)
  return byFunction.get(name) ?? byOverload.get(overload) ?? 1
}
