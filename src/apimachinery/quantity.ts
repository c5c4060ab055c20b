/**
 * Amounts of resources as the API writes them: `100m`, `1.5Gi`, `2e3`
 * (apimachinery/pkg/api/resource; https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** Exact: nothing smaller than a nano is kept. */
export interface Amount {
  readonly nano: bigint
  readonly format: QuantityFormat
}

export type ParsedQuantity = Amount | { readonly error: string }

const formatError =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const numericError = 'unable to parse numeric part of quantity'
const suffixError = "unable to parse quantity's suffix"

const shape = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/

const decimalSuffixes: readonly (readonly [string, number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]
const binarySuffixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const decimalExponents: ReadonlyMap<string, number> = new Map(decimalSuffixes)
const suffixOfExponent: ReadonlyMap<number, string> = new Map(
  decimalSuffixes.map(([suffix, exponent]) => [exponent, suffix]),
)

const maxInt64 = 2n ** 63n - 1n
const nanoPerUnit = 1_000_000_000n
/** An exponent beyond this makes numbers that nobody means and that would cost memory to hold. */
const maxDecimalExponent = 400

interface Suffix {
  readonly base: 2 | 10
  readonly exponent: number
  readonly format: QuantityFormat
}

function interpretSuffix(suffix: string): Suffix | undefined {
  const decimal = decimalExponents.get(suffix)
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' }
  const binary = binarySuffixes.indexOf(suffix)
  if (binary >= 0) return { base: 2, exponent: (binary + 1) * 10, format: 'BinarySI' }
  if (!/^[eE][-+]?\d+$/.test(suffix)) return undefined
  const exponent = Number(suffix.slice(1))
  if (Math.abs(exponent) > maxDecimalExponent) return undefined
  return { base: 10, exponent, format: 'DecimalExponent' }
}

const ceilDivide = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor
  if (dividend % divisor === 0n) return quotient
  return dividend < 0n ? quotient - 1n : quotient + 1n
}

/** digits × 10^exponent in nanos; what is smaller than a nano rounds away from zero. */
function decimalNanos(digits: bigint, exponent: number): bigint {
  const shift = exponent + 9
  return shift >= 0 ? digits * 10n ** BigInt(shift) : ceilDivide(digits, 10n ** BigInt(-shift))
}

/** Never throws; `error` is upstream's text. */
export function parseQuantity(text: string): ParsedQuantity {
  if (text === '') return { error: formatError }
  const match = shape.exec(text)
  if (match === null) return { error: formatError }
  const [, sign, whole = '', fraction = '', suffixText = ''] = match
  const suffix = interpretSuffix(suffixText)
  if (suffix === undefined) return { error: suffixError }
  if (whole === '' && fraction === '') return { error: numericError }
  const digits = BigInt(whole + fraction)
  let nano =
    suffix.base === 10
      ? decimalNanos(digits, suffix.exponent - fraction.length)
      : ceilDivide((digits << BigInt(suffix.exponent)) * nanoPerUnit, 10n ** BigInt(fraction.length))
  let format = suffix.format
  if (format === 'BinarySI') {
    if (nano > maxInt64 * nanoPerUnit) nano = maxInt64 * nanoPerUnit
    if (nano > 0n && nano < nanoPerUnit) format = 'DecimalSI'
  }
  return { nano: sign === '-' ? -nano : nano, format }
}

/** undefined if the text is no quantity. */
export function amountOf(text: string): Amount | undefined {
  const parsed = parseQuantity(text)
  return 'error' in parsed ? undefined : parsed
}

/** For a quantity that has been validated; what is malformed counts as 0. */
const known = (text: string): Amount => amountOf(text) ?? { nano: 0n, format: 'DecimalSI' }

function strip(mantissa: bigint, factor: bigint): readonly [bigint, number] {
  let times = 0
  while (mantissa !== 0n && mantissa % factor === 0n) {
    mantissa /= factor
    times++
  }
  return [mantissa, times]
}

function formatDecimal(nano: bigint, format: QuantityFormat): string {
  let [mantissa, zeros] = strip(nano, 10n)
  let exponent = zeros - 9
  const excess = ((exponent % 3) + 3) % 3
  mantissa *= 10n ** BigInt(excess)
  exponent -= excess
  const suffix = format === 'DecimalSI' ? suffixOfExponent.get(exponent) : undefined
  if (suffix !== undefined) return `${mantissa}${suffix}`
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`
}

/** The canonical text: no fraction, the largest suffix that needs none. */
export function formatQuantity({ nano, format }: Amount): string {
  if (nano === 0n) return '0'
  const limit = 1024n * nanoPerUnit
  const fitsBinary = nano % nanoPerUnit === 0n && (nano <= -limit || nano >= limit)
  if (format !== 'BinarySI' || !fitsBinary) {
    return formatDecimal(nano, format === 'BinarySI' ? 'DecimalSI' : format)
  }
  const [mantissa, times] = strip(nano / nanoPerUnit, 1024n)
  const suffix = times === 0 ? '' : binarySuffixes[times - 1]
  return suffix === undefined ? formatDecimal(nano, 'DecimalSI') : `${mantissa}${suffix}`
}

/** Common texts that are canonical as they stand: at most three digits and a suffix, no leading zero. */
const plainlyCanonical = /^(?:0|[1-9]\d{0,2}[mkMGTPE]?|[1-9]\d{0,2}[KMGTP]i)$/

/** What the server stores for a quantity that a client sent; undefined if it is none. */
export function canonicalQuantity(text: string): string | undefined {
  if (plainlyCanonical.test(text)) return text
  const amount = amountOf(text)
  if (amount === undefined) return undefined
  return isKeptAsWritten(text, amount.format) ? text : formatQuantity(amount)
}

/** Upstream keeps the client's text where its fast path takes it to be canonical (`1.500` and `+5` are among them). */
function isKeptAsWritten(text: string, format: QuantityFormat): boolean {
  const match = shape.exec(text)
  const whole = (match?.[2] ?? '').replace(/^0+/, '') || '0'
  const fraction = match?.[3] ?? ''
  const suffix = interpretSuffix(match?.[4] ?? '')
  if (suffix === undefined || suffix.format !== format) return false
  const digits = whole + fraction
  if (digits.length > 18) return false
  if (format === 'BinarySI') {
    const spare = 15 - whole.length - Math.trunc((suffix.exponent * 3) / 10) - 1
    return fraction === '' && spare >= 0 && (BigInt(digits) & 7n) !== 0n
  }
  const scale = suffix.exponent - fraction.length
  return scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0')
}

/** -1, 0 or 1; malformed texts count as 0. */
export function compareQuantities(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0
  const left = known(a).nano
  const right = known(b).nano
  return left < right ? -1 : left > right ? 1 : 0
}

/** a + b in a's format (in b's if a is zero), as upstream. */
export function addQuantities(a: string, b: string): string {
  const left = known(a)
  const right = known(b)
  return formatQuantity({
    nano: left.nano + right.nano,
    format: left.nano === 0n ? right.format : left.format,
  })
}

const binaryFactors: readonly number[] = [2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40, 2 ** 50, 2 ** 60]
const simple = /^(\d{1,15})(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/

/** value × scale, rounded up, exact below 2^53. `scale` is 1 (units) or 1000 (thousandths). */
function scaled(text: string, scale: 1 | 1000): number {
  const match = simple.exec(text)
  if (match !== null) {
    const digits = Number(match[1])
    const suffix = match[2] ?? ''
    const binary = binarySuffixes.indexOf(suffix)
    const exponent = decimalExponents.get(suffix) ?? 0
    const factor = binary >= 0 ? (binaryFactors[binary] ?? 1) : 10 ** Math.max(exponent, 0)
    const value =
      exponent < 0 ? (scale === 1000 ? digits : Math.ceil(digits / 1000)) : digits * factor * scale
    if (value <= Number.MAX_SAFE_INTEGER) return value
  }
  return Number(ceilDivide(known(text).nano * BigInt(scale), nanoPerUnit))
}

/** In whole units, rounded up: bytes of memory, pods. */
export const quantityUnits = (text: string): number => scaled(text, 1)

/** In thousandths, rounded up: millicores. */
export const quantityMilli = (text: string): number => scaled(text, 1000)

/** As a floating-point number, with fraction. */
export const quantityNumber = (text: string): number => Number(known(text).nano) / 1e9

/** A count of units as text: DecimalSI, or BinarySI for memory. */
export const quantityOfUnits = (units: number, format: QuantityFormat = 'DecimalSI'): string =>
  formatQuantity({ nano: BigInt(Math.ceil(units)) * nanoPerUnit, format })
