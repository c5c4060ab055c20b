import { canonicalQuantity, parseQuantity } from '../quantity.ts'
import { formatMicroTime, formatTime, parseTime } from '../time.ts'
import { canonicalBase64 } from './base64.ts'
import { goTimeError, type TimeLayout } from './go-time.ts'
import { NumberLiteral, resolveNumbers } from './number-literal.ts'
import type { Shape } from './shape.ts'

/** What stands in the place of a value of the wrong type; the error is what counts then. */
const broken = undefined

export function stringShape(goType: string): Shape {
  return {
    plain: 'string',
    zero: '',
    isZero: (value) => value === '',
    conform(value, context) {
      if (typeof value === 'string') return value
      context.typeError(value, goType)
      return broken
    },
  }
}

export const booleanShape: Shape = {
  plain: 'boolean',
  zero: false,
  isZero: (value) => value === false,
  conform(value, context) {
    if (typeof value === 'boolean') return value
    context.typeError(value, 'bool')
    return broken
  },
}

const isInt32 = (value: number): boolean => (value | 0) === value

/** A literal's integer value, if it has one in the range of the format. */
function integerOf(value: unknown, format: string): number | undefined {
  const number = value instanceof NumberLiteral && value.isInteger ? Number(value.text) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
  if (format === 'int32') return isInt32(number) ? number : undefined
  if (Number.isSafeInteger(number)) return number
  const exact = BigInt(value instanceof NumberLiteral ? value.text : number)
  if (BigInt.asIntN(64, exact) !== exact) return undefined
  return value instanceof NumberLiteral ? value.value : number
}

export function integerShape(format: 'int32' | 'int64', goType: string): Shape {
  return {
    zero: 0,
    isZero: (value) => value === 0,
    conform(value, context) {
      if (format === 'int32' && typeof value === 'number' && isInt32(value)) return value
      const integer = integerOf(value, format)
      if (integer === undefined) context.typeError(value, goType, true)
      return integer
    },
  }
}

export const numberShape: Shape = {
  zero: 0,
  isZero: (value) => value === 0,
  conform(value, context) {
    if (typeof value === 'number') return value
    if (value instanceof NumberLiteral && Number.isFinite(Number(value.text))) return Number(value.text)
    context.typeError(value, 'float64', true)
    return broken
  },
}

export const intOrStringShape: Shape = {
  zero: 0,
  isZero: () => false,
  conform(value, context) {
    if (typeof value === 'string') return value
    const integer = integerOf(value, 'int32')
    return integer ?? context.failType(value, 'int32', true)
  },
}

export const quantityShape: Shape = {
  zero: '0',
  isZero: () => false,
  conform(value, context) {
    // JSON's numbers are quantities too.
    if (context.isCbor && typeof value !== 'string') {
      context.typeError(value, 'string')
      return broken
    }
    const text =
      typeof value === 'string' ? value.trim() : value instanceof NumberLiteral ? value.text : `${value}`
    const canonical = canonicalQuantity(text)
    if (canonical !== undefined) return canonical
    const parsed = parseQuantity(text)
    return context.fail('error' in parsed ? parsed.error : `quantity ${text} has no canonical form`)
  },
}

export const bytesShape: Shape = {
  zero: '',
  isZero: (value) => value === '',
  conform(value, context) {
    if (typeof value !== 'string') {
      context.typeError(value, '[]uint8')
      return broken
    }
    const canonical = canonicalBase64(value)
    if (typeof canonical === 'string') return canonical
    context.error(`illegal base64 data at input byte ${canonical.illegalByte}`)
    return broken
  },
}

/** Go's zero time: its JSON is null. */
const zeroTime = /^0001-01-01T00:00:00(?:\.0+)?Z$/
const canonicalTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const canonicalMicroTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

function timeShape(layout: TimeLayout, canonical: RegExp, format: (ms: number) => string): Shape {
  return {
    zero: undefined,
    isZero: () => false,
    conform(value, context) {
      if (typeof value !== 'string') return context.failType(value, 'string')
      const ms = parseTime(value)
      const error =
        ms === undefined || canonical === canonicalMicroTime ? goTimeError(value, layout) : undefined
      if (ms === undefined || error !== undefined)
        return context.fail(error ?? `time ${value} cannot be parsed`)
      if (zeroTime.test(value)) return undefined
      return canonical.test(value) ? value : format(ms)
    },
  }
}

export const secondTimeShape = timeShape('2006-01-02T15:04:05Z07:00', canonicalTime, formatTime)
export const microTimeShape = timeShape(
  '2006-01-02T15:04:05.000000Z07:00',
  canonicalMicroTime,
  formatMicroTime,
)

/** Anything at all, kept as it is. */
export const opaqueShape: Shape = {
  zero: undefined,
  isZero: () => false,
  conform: (value, context) => (context.duplicates === undefined ? value : resolveNumbers(value)),
}
