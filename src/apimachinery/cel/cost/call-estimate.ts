import { type CelType, isExactType } from '../types/type.ts'
import {
  add,
  type CallEstimate,
  type CallOperand,
  type CostEstimate,
  fixed,
  multiply,
  type SizeEstimate,
  type SizeEstimator,
  scale,
  sumOf,
  unbounded,
  unknownSize,
} from './estimates.ts'
import { extensionEstimates } from './extension-estimates.ts'
import { listCost, regexFactor, traversalFactor } from './sizes.ts'

/** A call: what it is applied to, and how large that is. */
export interface EstimatedCall {
  readonly overload: string
  readonly target: CallOperand | undefined
  readonly args: readonly CallOperand[]
  sizeOf(operand: CallOperand): SizeEstimate
}

export type Estimate = (call: EstimatedCall) => CallEstimate | undefined

const one = fixed(1)
const constant =
  (cost: CostEstimate): Estimate =>
  () =>
    cost

/** An estimate from the size of the first argument, if it is there. */
const ofFirst =
  (estimate: (size: SizeEstimate, call: EstimatedCall) => CallEstimate): Estimate =>
  (call) => {
    const [first] = call.args
    return first === undefined ? undefined : estimate(call.sizeOf(first), call)
  }

/** An estimate from the size of what a method is called on. */
const ofTarget =
  (estimate: (size: SizeEstimate, call: EstimatedCall) => CallEstimate | undefined): Estimate =>
  (call) =>
    call.target === undefined ? undefined : estimate(call.sizeOf(call.target), call)

const traversedFirst = ofFirst((size) => scale(size, traversalFactor))
const sameSize = (size: SizeEstimate): CallEstimate => ({ ...scale(size, traversalFactor), resultSize: size })

const selector = ofFirst((size) =>
  sumOf([fixed(listCost), scale(size, traversalFactor), scale(scale(size, 0.5), 50)]),
)

/** What a list is made of; undefined for a string. */
function elementOf(list: CallOperand): CallOperand | undefined {
  const type = list.type.parameters[0]
  if (type === undefined) return undefined
  const path = list.path.length > 0 ? [...list.path, '@items'] : []
  return { path, type, expr: undefined, size: undefined }
}

const traversal = ofTarget((size, call) => {
  const element = call.target === undefined ? undefined : elementOf(call.target)
  if (element === undefined) return scale(size, traversalFactor)
  const isText = element.type.kind === 'string' || element.type.kind === 'bytes'
  return multiply(size, isText ? add(one, scale(call.sizeOf(element), traversalFactor)) : one)
})

/** How often something is replaced, and what is left of the text, at one end of the estimate. */
function replacement(size: number, replaced: number, isFree: boolean): readonly [number, number] {
  if (replaced === 0) return [size < unbounded ? size + 1 : size, size]
  return isFree ? [0, size] : [Math.ceil(size / replaced), 0]
}

const replaced = ofTarget((size, call) => {
  const [from, to] = call.args
  if (from === undefined || to === undefined) return undefined
  const fromSize = call.sizeOf(from)
  const toSize = call.sizeOf(to)
  const [maxCount, maxKept] = replacement(size.max, fromSize.min, toSize.max <= fromSize.min)
  const [minCount, minKept] = replacement(size.min, fromSize.max, fromSize.max <= toSize.min)
  const resultSize = add(multiply({ min: minCount, max: maxCount }, toSize), { min: minKept, max: maxKept })
  return { ...scale(size, 2 * traversalFactor), resultSize }
})

const split = ofTarget((size, call) => {
  const limit = call.args[1]?.expr
  const most = limit?.kind === 'literal' && typeof limit.value === 'number' ? limit.value : size.max
  return { ...scale(size, 2 * traversalFactor), resultSize: { min: 0, max: most < 0 ? unbounded : most } }
})

const joined = ofTarget((size, call) => {
  const element = call.target === undefined ? undefined : elementOf(call.target)
  const texts = element === undefined ? fixed(0) : multiply(size, call.sizeOf(element))
  const [separator] = call.args
  const gaps = { min: Math.max(size.min - 1, 0), max: Math.max(size.max - 1, 0) }
  const resultSize = separator === undefined ? texts : add(texts, multiply(call.sizeOf(separator), gaps))
  return { ...scale(resultSize, traversalFactor), resultSize }
})

const searched = ofTarget((size, call) => {
  const [pattern] = call.args
  if (pattern === undefined) return undefined
  const text = scale(add(size, one), traversalFactor)
  const regex = scale(call.sizeOf(pattern), regexFactor)
  return { ...multiply(text, regex), resultSize: { min: 0, max: size.max } }
})

const ip: Estimate = (call) => (call.overload === 'cidr_ip' ? one : traversedFirst(call))

/** Of an address. */
const addressSize: SizeEstimate = { min: 4, max: 16 }
const compared = scale(add(addressSize, addressSize), traversalFactor)

const containsIp = ofFirst((size, call) =>
  call.overload === 'cidr_contains_ip_string' ? add(compared, scale(size, traversalFactor)) : compared,
)
const containsCidr = ofFirst((size, call) => {
  const base = sumOf([compared, scale(addressSize, traversalFactor), one])
  return call.overload === 'cidr_contains_cidr_string' ? add(base, scale(size, traversalFactor)) : base
})

const maxFormatRegex = 128
const maxFormatName = 64

/** Types that compare in one step. */
const unitTypes: ReadonlySet<string> = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  ...['Authorizer', 'PathCheck', 'GroupCheck', 'ResourceCheck', 'Decision'].map(
    (name) => `kubernetes.authorization.${name}`,
  ),
])

function libraryEquality(type: CelType, right: CallOperand): CallEstimate | undefined {
  if (unitTypes.has(type.name)) return one
  if (type.name === 'kubernetes.NamedFormat') return scale({ min: 1, max: maxFormatName }, traversalFactor)
  if (type.name !== 'kubernetes.URL') return undefined
  return scale({ min: 1, max: right.size?.max ?? 1 }, traversalFactor)
}

const equality: Estimate = ({ args }) => {
  const [left, right] = args
  if (left === undefined || right === undefined || !isExactType(left.type, right.type)) return undefined
  return left.type.kind === 'opaque' || left.type.kind === 'struct'
    ? libraryEquality(left.type, right)
    : undefined
}

const each = (names: string, estimate: Estimate): readonly (readonly [string, Estimate])[] =>
  names.split(' ').map((name) => [name, estimate])

/** Kubernetes' libraries estimate by a function's name. */
const byFunction: ReadonlyMap<string, Estimate> = new Map([
  ['check', constant(fixed(350_000))],
  ...each(
    'serviceAccount path group resource subresource namespace name allowed reason error errored',
    constant(one),
  ),
  ...each('fieldSelector labelSelector', selector),
  ...each('isSorted sum max min indexOf lastIndexOf', traversal),
  ...each('url jsonpatch.escapeKey', ofFirst(sameSize)),
  ...each('lowerAscii upperAscii substring trim', ofTarget(sameSize)),
  ['replace', replaced],
  ['split', split],
  ['join', joined],
  ...each('find findAll', searched),
  ...each('cidr isIP isCIDR quantity isQuantity semver isSemver', traversedFirst),
  ['ip', ip],
  ['ip.isCanonical', ofFirst((size) => scale(size, 2 * traversalFactor))],
  ...each('masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast', constant(one)),
  ...each('isLinkLocalUnicast isGlobalUnicast format.named sign asInteger isInteger', constant(one)),
  ...each('asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch', constant(one)),
  ...each('getScheme getHostname getHost getPort getEscapedPath getQuery', constant(one)),
  ['containsIP', containsIp],
  ['containsCIDR', containsCidr],
  ['validate', ofFirst((size) => scale(scale(size, traversalFactor), maxFormatRegex * regexFactor))],
  ['_==_', equality],
])

/** What extensions and Kubernetes' libraries say of a call; undefined if it is none of theirs. */
export function estimateCall(
  name: string,
  call: Omit<EstimatedCall, 'sizeOf'>,
  sizes: SizeEstimator,
): CallEstimate | undefined {
  const sized: EstimatedCall = {
    ...call,
    sizeOf: (operand) => operand.size ?? sizes(operand) ?? unknownSize,
  }
  return extensionEstimates.get(call.overload)?.(sized) ?? byFunction.get(name)?.(sized)
}
