import { CelError, type Int, Uint } from './value.ts'

const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n
const maxUint64 = 2n ** 64n - 1n

export const intOverflow = (): CelError => new CelError('integer overflow')
export const uintOverflow = (): CelError => new CelError('unsigned integer overflow')
const divisionByZero = (): CelError => new CelError('division by zero')
const modulusByZero = (): CelError => new CelError('modulus by zero')

const isSafe = (value: bigint): boolean =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)

/** The one form of an integer. */
export const normalInt = (value: bigint): Int => (isSafe(value) ? Number(value) : value)

/** A whole number of JSON; undefined for others, and beyond 64 bits. */
export function wholeNumber(raw: unknown): Int | undefined {
  if (typeof raw === 'bigint') return normalInt(raw)
  if (typeof raw !== 'number' || !Number.isInteger(raw)) return undefined
  if (Number.isSafeInteger(raw)) return raw
  const exact = BigInt(raw)
  return exact < minInt64 || exact > maxInt64 ? undefined : exact
}

/** Refused beyond 64 bits. */
export const checkedInt = (value: bigint): Int | CelError =>
  value < minInt64 || value > maxInt64 ? intOverflow() : normalInt(value)

export const checkedUint = (value: bigint): Uint | CelError =>
  value < 0n || value > maxUint64 ? uintOverflow() : new Uint(normalInt(value))

export function addInts(a: Int, b: Int): Int | CelError {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return checkedInt(BigInt(a) + BigInt(b))
}

export function subtractInts(a: Int, b: Int): Int | CelError {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return checkedInt(BigInt(a) - BigInt(b))
}

export function multiplyInts(a: Int, b: Int): Int | CelError {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    // + 0 makes 0 of -0, which an integer does not have.
    if (Number.isSafeInteger(product)) return product + 0
  }
  return checkedInt(BigInt(a) * BigInt(b))
}

export function divideInts(a: Int, b: Int): Int | CelError {
  if (b === 0) return divisionByZero()
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0
  return checkedInt(BigInt(a) / BigInt(b))
}

export function moduloInts(a: Int, b: Int): Int | CelError {
  if (b === 0) return modulusByZero()
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0
  if (BigInt(a) === minInt64 && b === -1) return intOverflow()
  return normalInt(BigInt(a) % BigInt(b))
}

export const negateInt = (value: Int): Int | CelError =>
  typeof value === 'number' ? 0 - value : checkedInt(-value)

export const addUints = (a: Uint, b: Uint): Uint | CelError => {
  const sum = addInts(a.value, b.value)
  return typeof sum === 'number' ? new Uint(sum) : checkedUint(BigInt(a.value) + BigInt(b.value))
}

export const subtractUints = (a: Uint, b: Uint): Uint | CelError =>
  checkedUint(BigInt(a.value) - BigInt(b.value))

export const multiplyUints = (a: Uint, b: Uint): Uint | CelError =>
  checkedUint(BigInt(a.value) * BigInt(b.value))

export const divideUints = (a: Uint, b: Uint): Uint | CelError =>
  b.value === 0 ? divisionByZero() : new Uint(normalInt(BigInt(a.value) / BigInt(b.value)))

export const moduloUints = (a: Uint, b: Uint): Uint | CelError =>
  b.value === 0 ? modulusByZero() : new Uint(normalInt(BigInt(a.value) % BigInt(b.value)))

const limitInt64 = 2 ** 63
const limitUint64 = 2 ** 64

/** What comes after the point is dropped. */
export const doubleToInt = (value: number): Int | CelError =>
  value > -limitInt64 && value < limitInt64 ? normalInt(BigInt(Math.trunc(value))) : intOverflow()

export const doubleToUint = (value: number): Uint | CelError =>
  value >= 0 && value < limitUint64 ? new Uint(normalInt(BigInt(Math.trunc(value)))) : uintOverflow()

const order = (a: Int | number, b: Int | number): -1 | 0 | 1 => (a < b ? -1 : a > b ? 1 : 0)

/** Integers of either sign. */
export const compareInts = (a: Int, b: Int): -1 | 0 | 1 => order(a, b)

/** NaN is not for here. As upstream, an integer is taken for the double next to it. */
export const compareIntDouble = (a: Int, b: number): -1 | 0 | 1 => order(Number(a), b)
