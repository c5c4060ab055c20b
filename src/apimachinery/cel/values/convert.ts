import { checkedInt, checkedUint, doubleToInt, doubleToUint, intOverflow, uintOverflow } from './integers.ts'
import { CelError, Double, type Uint, type Value } from './value.ts'

const quoted = (type: string): string => `'${type}'`

export const conversionError = (from: string, to: string): CelError =>
  new CelError(`type conversion error from ${quoted(from)} to ${quoted(to)}`)

/** As Go's `strconv.ParseInt` and `ParseUint` in base ten. */
export function parseInteger(text: string, kind: 'int' | 'uint'): Value {
  const pattern = kind === 'int' ? /^[+-]?\d+$/ : /^\d+$/
  if (!pattern.test(text)) return conversionError('string', kind)
  const value = BigInt(text.replace(/^\+/, ''))
  const checked = kind === 'int' ? checkedInt(value) : checkedUint(value)
  return checked instanceof CelError ? conversionError('string', kind) : checked
}

const special: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])

/** As Go's `strconv.ParseFloat`. */
export function parseDouble(text: string): Value {
  const named = special.get(text.toLowerCase())
  if (named !== undefined) return new Double(named)
  const plain = /^[+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) && !text.includes('_')
  const value = plain ? Number(text) : Number.NaN
  return Number.isFinite(value) ? new Double(value) : conversionError('string', 'double')
}

const truths: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const falsehoods: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** As Go's `strconv.ParseBool`. */
export function parseBool(text: string): Value {
  if (truths.has(text)) return true
  return falsehoods.has(text) ? false : conversionError('string', 'bool')
}

export const doubleAsInt = (value: Double): Value => doubleToInt(value.value)
export const doubleAsUint = (value: Double): Value => doubleToUint(value.value)

export function uintAsInt(value: Uint): Value {
  const checked = checkedInt(BigInt(value.value))
  return checked instanceof CelError ? intOverflow() : checked
}

export const intAsUint = (value: number | bigint): Value =>
  value < 0 ? uintOverflow() : checkedUint(BigInt(value))

/** Go's `%g`: the shortest text, with an exponent of two digits where it is small or large. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  if (value === 0) return '0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 21) {
    const sign = exponent < 0 ? '-' : '+'
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  return plainDouble(value)
}

/** All digits, without an exponent. */
export function plainDouble(value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  const [mantissa = '', exponentText = '0'] = text.split('e')
  const exponent = Number(exponentText)
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const sign = value < 0 ? '-' : ''
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
  return `${sign}${whole}${fraction.padEnd(exponent, '0')}`
}

/** With so many digits after the point; a tie goes to the even digit, as in Go. */
export function fixedDigits(value: number, precision: number): string {
  const digits = Math.min(precision, 100)
  const rounded = value.toFixed(digits)
  const exact = value.toFixed(100)
  const cut = exact.length - 100 + digits
  const isTie = digits < 100 && /^50*$/.test(exact.slice(cut))
  const isOdd = /[13579]$/.test(rounded)
  // The platform takes the larger of two that are equally near; the other is what stands before the five.
  return isTie && isOdd ? exact.slice(0, digits === 0 ? cut - 1 : cut) : rounded
}
