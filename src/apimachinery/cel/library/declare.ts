import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  optionalOf,
  stringType,
  timestampType,
  typeParam,
  uintType,
} from '../types/type.ts'
import {
  Double,
  Duration,
  type Int,
  isInt,
  List,
  MapValue,
  noSuchOverload,
  type Opaque,
  Optional,
  Timestamp,
  Uint,
  type Value,
} from '../values/value.ts'

/** One signature of a function. Make them with `fn1`, `method2` and so on. */
export interface Overload {
  /** Upstream's identifier: costs and limits go by it. */
  readonly id: string
  /** A method's first parameter is its receiver. */
  readonly isMethod: boolean
  readonly parameters: readonly CelType[]
  readonly result: CelType
  /** Whether arguments whose types were not known beforehand are for this signature. */
  accepts(args: readonly Value[]): boolean
  /** Refuses arguments of other types with an error value; never throws. */
  run(...args: Value[]): Value
  /** What to run where some arguments are constant (undefined: not), if that saves work; or why they cannot be. */
  prepare?(
    constants: readonly (Value | undefined)[],
  ): { readonly run: (...args: Value[]) => Value } | { readonly error: string } | undefined
}

export interface FunctionDeclaration {
  readonly name: string
  readonly overloads: readonly Overload[]
}

/** The type of a parameter, as expressions and as TypeScript have it. */
export interface Parameter<T extends Value> {
  readonly type: CelType
  is(value: Value): value is T
}

const isList = (value: Value): value is List => value instanceof List
const isMap = (value: Value): value is MapValue => value instanceof MapValue
const isOptionalValue = (value: Value): value is Optional => value instanceof Optional
const isAnything = (value: Value): value is Value => value !== undefined

const string: Parameter<string> = { type: stringType, is: (value) => typeof value === 'string' }
const int: Parameter<Int> = { type: intType, is: isInt }
const uint: Parameter<Uint> = { type: uintType, is: (value) => value instanceof Uint }
const double: Parameter<Double> = { type: doubleType, is: (value) => value instanceof Double }
const bool: Parameter<boolean> = { type: boolType, is: (value) => typeof value === 'boolean' }
const bytes: Parameter<Uint8Array> = { type: bytesType, is: (value) => value instanceof Uint8Array }
const timestamp: Parameter<Timestamp> = { type: timestampType, is: (value) => value instanceof Timestamp }
const duration: Parameter<Duration> = { type: durationType, is: (value) => value instanceof Duration }

export const parameters = {
  string,
  int,
  uint,
  double,
  bool,
  bytes,
  timestamp,
  duration,
  dyn: { type: dynType, is: isAnything } satisfies Parameter<Value>,
  /** A type parameter: the same name, the same type. */
  any: (name: string): Parameter<Value> => ({ type: typeParam(name), is: isAnything }),
  /** A list of which the first element tells what it holds. */
  list: <T extends Value>(element: Parameter<T>): Parameter<List> => ({
    type: listOf(element.type),
    is: (value): value is List => isList(value) && (value.size === 0 || element.is(value.at(0))),
  }),
  map: (key: CelType, value: CelType): Parameter<MapValue> => ({ type: mapOf(key, value), is: isMap }),
  optional: (type: CelType): Parameter<Optional> => ({ type: optionalOf(type), is: isOptionalValue }),
  opaque: <T extends Opaque>(type: CelType, is: (value: Value) => value is T): Parameter<T> => ({ type, is }),
} as const

export function fn0(id: string, result: CelType, run: () => Value): Overload {
  return { id, isMethod: false, parameters: [], result, accepts: (args) => args.length === 0, run }
}

export function fn1<A extends Value>(
  id: string,
  a: Parameter<A>,
  result: CelType,
  run: (a: A) => Value,
): Overload {
  return {
    id,
    isMethod: false,
    parameters: [a.type],
    result,
    accepts: ([x = null, ...rest]) => rest.length === 0 && a.is(x),
    run: (x: Value) => (a.is(x) ? run(x) : noSuchOverload()),
  }
}

export function fn2<A extends Value, B extends Value>(
  id: string,
  a: Parameter<A>,
  b: Parameter<B>,
  result: CelType,
  run: (a: A, b: B) => Value,
): Overload {
  return {
    id,
    isMethod: false,
    parameters: [a.type, b.type],
    result,
    accepts: ([x = null, y = null, ...rest]) => rest.length === 0 && a.is(x) && b.is(y),
    run: (x: Value, y: Value) => (a.is(x) && b.is(y) ? run(x, y) : noSuchOverload()),
  }
}

export function fn3<A extends Value, B extends Value, C extends Value>(
  id: string,
  a: Parameter<A>,
  b: Parameter<B>,
  c: Parameter<C>,
  result: CelType,
  run: (a: A, b: B, c: C) => Value,
): Overload {
  return {
    id,
    isMethod: false,
    parameters: [a.type, b.type, c.type],
    result,
    accepts: ([x = null, y = null, z = null, ...rest]) => rest.length === 0 && a.is(x) && b.is(y) && c.is(z),
    run: (x: Value, y: Value, z: Value) => (a.is(x) && b.is(y) && c.is(z) ? run(x, y, z) : noSuchOverload()),
  }
}

const asMethod = (overload: Overload): Overload => ({ ...overload, isMethod: true })

export const method1 = <A extends Value>(
  id: string,
  a: Parameter<A>,
  result: CelType,
  run: (a: A) => Value,
): Overload => asMethod(fn1(id, a, result, run))

export const method2 = <A extends Value, B extends Value>(
  id: string,
  a: Parameter<A>,
  b: Parameter<B>,
  result: CelType,
  run: (a: A, b: B) => Value,
): Overload => asMethod(fn2(id, a, b, result, run))

export const method3 = <A extends Value, B extends Value, C extends Value>(
  id: string,
  a: Parameter<A>,
  b: Parameter<B>,
  c: Parameter<C>,
  result: CelType,
  run: (a: A, b: B, c: C) => Value,
): Overload => asMethod(fn3(id, a, b, c, result, run))

export function method4<A extends Value, B extends Value, C extends Value, D extends Value>(
  id: string,
  a: Parameter<A>,
  b: Parameter<B>,
  c: Parameter<C>,
  d: Parameter<D>,
  result: CelType,
  run: (a: A, b: B, c: C, d: D) => Value,
): Overload {
  return {
    id,
    isMethod: true,
    parameters: [a.type, b.type, c.type, d.type],
    result,
    accepts: ([w = null, x = null, y = null, z = null, ...rest]) =>
      rest.length === 0 && a.is(w) && b.is(x) && c.is(y) && d.is(z),
    run: (w: Value, x: Value, y: Value, z: Value) =>
      a.is(w) && b.is(x) && c.is(y) && d.is(z) ? run(w, x, y, z) : noSuchOverload(),
  }
}

export const declare = (name: string, ...overloads: readonly Overload[]): FunctionDeclaration => ({
  name,
  overloads,
})
