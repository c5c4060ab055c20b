import { compareIntDouble, compareInts } from './integers.ts'
import { compareText } from './text.ts'
import {
  CelError,
  Double,
  Duration,
  type Equality,
  type Int,
  isInt,
  List,
  MapValue,
  noSuchOverload,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts'

function bytesOrder(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
  const shortest = Math.min(a.length, b.length)
  for (let index = 0; index < shortest; index++) {
    const left = a[index] ?? 0
    const right = b[index] ?? 0
    if (left !== right) return left < right ? -1 : 1
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1
}

/** The number in an integer or double; undefined for others. */
const numeric = (value: Value): Int | Double | undefined => {
  if (isInt(value) || value instanceof Double) return value
  return value instanceof Uint ? value.value : undefined
}

const isNaNValue = (value: Int | Double): boolean => value instanceof Double && Number.isNaN(value.value)

function numberOrder(a: Int | Double, b: Int | Double): -1 | 0 | 1 {
  if (a instanceof Double) {
    if (b instanceof Double) return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
    const order = compareIntDouble(b, a.value)
    return order === 0 ? 0 : order === 1 ? -1 : 1
  }
  return b instanceof Double ? compareIntDouble(a, b.value) : compareInts(a, b)
}

const instantOrder = (a: Timestamp, b: Timestamp): -1 | 0 | 1 => {
  const difference = a.seconds === b.seconds ? a.nanos - b.nanos : a.seconds - b.seconds
  return difference < 0 ? -1 : difference > 0 ? 1 : 0
}

function numbersEqual(a: Int | Double, b: Value): boolean {
  const other = numeric(b)
  return other !== undefined && !isNaNValue(a) && !isNaNValue(other) && numberOrder(a, other) === 0
}

function objectsEqual(a: object, b: Value): Equality {
  if (a instanceof List || a instanceof MapValue || a instanceof Opaque) return a.equals(b)
  if (a instanceof Double) return numbersEqual(a, b)
  if (a instanceof Uint) return numbersEqual(a.value, b)
  if (a instanceof Timestamp) return b instanceof Timestamp && instantOrder(a, b) === 0
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos
  if (a instanceof Uint8Array) return b instanceof Uint8Array && bytesOrder(a, b) === 0
  if (a instanceof TypeValue) return b instanceof TypeValue && a.type.name === b.type.name
  if (a instanceof Optional) return optionalsEqual(a, b)
  return a instanceof CelError ? a : false
}

function optionalsEqual(a: Optional, b: Value): Equality {
  if (!(b instanceof Optional)) return false
  if (a.value === undefined || b.value === undefined) return a.value === b.value
  return equals(a.value, b.value)
}

/** `==`, over all types: values of different types are not equal, numbers compare by value. */
export function equals(a: Value, b: Value): Equality {
  switch (typeof a) {
    case 'string':
    case 'boolean':
      return a === b
    case 'number':
      return typeof b === 'number' ? a === b : numbersEqual(a, b)
    case 'bigint':
      return numbersEqual(a, b)
    default:
      if (a === null || b === null) return a === b
      return objectsEqual(a, b)
  }
}

/** The order of two values; an error for those that have none. */
export function compare(a: Value, b: Value): -1 | 0 | 1 | CelError {
  const left = numeric(a)
  if (left !== undefined) {
    const right = numeric(b)
    if (right === undefined) return noSuchOverload()
    if (isNaNValue(left) || isNaNValue(right)) return new CelError('NaN values cannot be ordered')
    return numberOrder(left, right)
  }
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return a === b ? 0 : a ? 1 : -1
  if (a instanceof Timestamp && b instanceof Timestamp) return instantOrder(a, b)
  if (a instanceof Duration && b instanceof Duration) {
    return a.nanos === b.nanos ? 0 : a.nanos < b.nanos ? -1 : 1
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return bytesOrder(a, b)
  return noSuchOverload()
}
