import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  errorType,
  intType,
  listType,
  mapType,
  nullType,
  opaqueType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from '../types/type.ts'

/** A 64-bit integer: a number where that is exact, a bigint beyond 2^53. One value has one form. */
export type Int = number | bigint

/**
 * What expressions compute with. An integer is a number (or bigint), so that the data of an API object is used as it
 * is; a double is a class of its own, because 1.0 is not 1. Errors are values: `||` and `&&` may absorb them.
 */
export type Value =
  | null
  | boolean
  | string
  | Int
  | Uint8Array
  | Double
  | Uint
  | Timestamp
  | Duration
  | List
  | MapValue
  | Optional
  | TypeValue
  | Opaque
  | CelError

export class CelError {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export const noSuchOverload = (): CelError => new CelError('no such overload')

export class Double {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** Unsigned, 64 bits; its number has the form of an Int. */
export class Uint {
  readonly value: Int

  constructor(value: Int) {
    this.value = value
  }
}

/** Of the years 1 to 9999. */
export class Timestamp {
  /** Since 1970, rounded down. */
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanos: number
  /** Of the zone that it was written in: its text keeps it. */
  readonly offsetSeconds: number

  constructor(seconds: number, nanos: number, offsetSeconds = 0) {
    this.seconds = seconds
    this.nanos = nanos
    this.offsetSeconds = offsetSeconds
  }
}

/** 64 bits of nanoseconds. */
export class Duration {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class TypeValue {
  readonly type: CelType

  constructor(type: CelType) {
    this.type = type
  }
}

export class Optional {
  /** undefined: none. */
  readonly value: Value | undefined

  constructor(value?: Value) {
    this.value = value
  }
}

export const none = new Optional()

/** Equality as `==` has it: errors where types say so. */
export type Equality = boolean | CelError

export abstract class List {
  abstract readonly size: number
  /** `index` is within bounds. */
  abstract at(index: number): Value
  abstract equals(other: Value): Equality
  abstract contains(value: Value): Equality
  abstract concat(other: List): Value

  /** The JSON that it came from, if it did. */
  get raw(): unknown {
    return undefined
  }

  *[Symbol.iterator](): Iterator<Value> {
    for (let index = 0; index < this.size; index++) yield this.at(index)
  }
}

export abstract class MapValue {
  abstract readonly size: number
  /** undefined if the key is not there. */
  abstract find(key: Value): Value | undefined
  abstract keys(): Iterable<Value>

  /** `in`: whether the key is there, whatever `find` gives for others. */
  contains(key: Value): Equality {
    const found = this.find(key)
    return found instanceof CelError ? found : found !== undefined
  }
  abstract equals(other: Value): Equality

  /** The JSON that it came from, if it did. */
  get raw(): unknown {
    return undefined
  }

  /** A struct's own type, where `map` would say too little. */
  get structType(): CelType | undefined {
    return undefined
  }
}

/** A value of a library's own type: an IP address, a quantity, an authorizer. */
export abstract class Opaque {
  abstract readonly type: CelType
  abstract equals(other: Value): Equality

  /** Elements or bytes, where costs count them. */
  get size(): number | undefined {
    return undefined
  }

  abstract toString(): string
}

const optionalType = opaqueType('optional_type')

function typeOfObject(value: object): CelType {
  if (value instanceof List) return listType
  if (value instanceof MapValue) return value.structType ?? mapType
  if (value instanceof Double) return doubleType
  if (value instanceof Uint) return uintType
  if (value instanceof Timestamp) return timestampType
  if (value instanceof Duration) return durationType
  if (value instanceof Uint8Array) return bytesType
  if (value instanceof Opaque) return value.type
  if (value instanceof Optional) return optionalType
  if (value instanceof TypeValue) return typeType
  return errorType
}

export function typeOf(value: Value): CelType {
  switch (typeof value) {
    case 'string':
      return stringType
    case 'number':
    case 'bigint':
      return intType
    case 'boolean':
      return boolType
    default:
      return value === null ? nullType : typeOfObject(value)
  }
}

export const isInt = (value: Value): value is Int => typeof value === 'number' || typeof value === 'bigint'
