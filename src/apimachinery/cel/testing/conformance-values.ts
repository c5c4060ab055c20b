import { decodeBase64 } from '../../../base/base64.ts'
import { parseGoDuration } from '../../go-duration.ts'
import type { Extension } from '../api.ts'
import { standardTypes } from '../check/scope.ts'
import type { FunctionDeclaration, Overload } from '../library/declare.ts'
import {
  anyType,
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  isExactType,
  listOf,
  mapOf,
  nullableOf,
  nullType,
  opaqueType,
  stringType,
  structType,
  timestampType,
  typeOfType,
  typeParam,
  typeType,
  uintType,
} from '../types/type.ts'
import { ValueList, ValueMap } from '../values/collections.ts'
import { equals } from '../values/compare.ts'
import { normalInt } from '../values/integers.ts'
import { nativeValue } from '../values/native.ts'
import { parseTimestamp } from '../values/times.ts'
import {
  CelError,
  Double,
  Duration,
  List,
  MapValue,
  TypeValue,
  typeOf,
  Uint,
  type Value,
} from '../values/value.ts'

type Json = Readonly<Record<string, unknown>>

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const member = (value: unknown, key: string): unknown => (isJson(value) ? value[key] : undefined)
const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A message of the test data cannot be had without protobuf. */
export class NeedsProtobuf extends Error {}

const wrappers: ReadonlyMap<string, (value: unknown) => Value> = new Map<string, (value: unknown) => Value>([
  ['BoolValue', (value) => value === true],
  ['BytesValue', (value) => decodeBase64(String(value))],
  ['DoubleValue', (value) => new Double(Number(value))],
  ['FloatValue', (value) => new Double(Number(value))],
  ['Int32Value', (value) => Number(value)],
  ['Int64Value', (value) => normalInt(BigInt(String(value)))],
  ['StringValue', (value) => String(value)],
  ['UInt32Value', (value) => new Uint(Number(value))],
  ['UInt64Value', (value) => new Uint(normalInt(BigInt(String(value))))],
  ['Duration', (value) => new Duration(parseGoDuration(String(value)) ?? 0n)],
  ['Timestamp', (value) => parseTimestamp(String(value)) ?? new CelError('no timestamp')],
  ['Struct', (value) => nativeDoubles(value)],
  ['ListValue', (value) => nativeDoubles(value)],
  ['Value', (value) => nativeDoubles(value)],
])

/** JSON of protobuf: all numbers are doubles. */
function nativeDoubles(value: unknown): Value {
  if (typeof value === 'number') return new Double(value)
  if (Array.isArray(value)) return new ValueList(value.map(nativeDoubles))
  if (!isJson(value)) return nativeValue(value)
  return ValueMap.of(Object.entries(value).map(([key, held]): [Value, Value] => [key, nativeDoubles(held)]))
}

function objectValue(value: unknown): Value {
  const name = String(member(value, '@type')).replace('type.googleapis.com/google.protobuf.', '')
  const wrap = wrappers.get(name)
  if (wrap === undefined) throw new NeedsProtobuf(name)
  return wrap(member(value, 'value'))
}

/** A `cel.expr.Value` in protobuf's JSON. */
export function specValue(value: unknown): Value {
  if (!isJson(value)) throw new NeedsProtobuf('no value')
  const [kind, content] = Object.entries(value)[0] ?? ['', undefined]
  switch (kind) {
    case 'nullValue':
      return null
    case 'boolValue':
    case 'stringValue':
      return typeof content === 'boolean' ? content : String(content)
    case 'int64Value':
      return normalInt(BigInt(String(content)))
    case 'uint64Value':
      return new Uint(normalInt(BigInt(String(content))))
    case 'doubleValue':
      return new Double(Number(content))
    case 'bytesValue':
      return decodeBase64(String(content))
    case 'listValue':
      return new ValueList(items(member(content, 'values')).map(specValue))
    case 'mapValue':
      return ValueMap.of(
        items(member(content, 'entries')).map((entry): [Value, Value] => [
          specValue(member(entry, 'key')),
          specValue(member(entry, 'value')),
        ]),
      )
    case 'objectValue':
      return objectValue(content)
    case 'typeValue': {
      const known = standardTypes.get(String(content))
      if (known === undefined && !String(content).startsWith('optional'))
        throw new NeedsProtobuf(String(content))
      return new TypeValue(known ?? opaqueType(String(content)))
    }
    default:
      throw new NeedsProtobuf(kind)
  }
}

const primitives: ReadonlyMap<string, CelType> = new Map([
  ['BOOL', boolType],
  ['INT64', intType],
  ['UINT64', uintType],
  ['DOUBLE', doubleType],
  ['STRING', stringType],
  ['BYTES', bytesType],
])
const wellKnown: ReadonlyMap<string, CelType> = new Map([
  ['ANY', anyType],
  ['TIMESTAMP', timestampType],
  ['DURATION', durationType],
])

const messages: ReadonlyMap<string, CelType> = new Map([
  ['google.protobuf.Timestamp', timestampType],
  ['google.protobuf.Duration', durationType],
])

/** A `cel.expr.Type` in protobuf's JSON. */
function celTypeOf(type: unknown): CelType {
  if (!isJson(type)) return dynType
  const [kind, content] = Object.entries(type)[0] ?? ['dyn', undefined]
  switch (kind) {
    case 'null':
      return nullType
    case 'primitive':
      return primitives.get(String(content)) ?? dynType
    case 'wrapper':
      return nullableOf(primitives.get(String(content)) ?? dynType)
    case 'wellKnown':
      return wellKnown.get(String(content)) ?? dynType
    case 'listType':
      return listOf(celTypeOf(member(content, 'elemType')))
    case 'mapType':
      return mapOf(celTypeOf(member(content, 'keyType')), celTypeOf(member(content, 'valueType')))
    case 'messageType':
      return messages.get(String(content)) ?? structType(String(content))
    case 'typeParam':
      return typeParam(String(content))
    case 'type':
      return isJson(content) && Object.keys(content).length > 0 ? typeOfType(celTypeOf(content)) : typeType
    case 'abstractType':
      return opaqueType(
        String(member(content, 'name')),
        ...items(member(content, 'parameterTypes')).map(celTypeOf),
      )
    default:
      return dynType
  }
}

/** The same value of the same type: 1, 1u and 1.0 differ here, and NaN is NaN. */
export function isSame(a: Value, b: Value): boolean {
  if (!isExactType(typeOf(a), typeOf(b))) return false
  if (a instanceof Double && b instanceof Double) return Object.is(a.value, b.value) || a.value === b.value
  if (a instanceof List && b instanceof List) {
    return a.size === b.size && [...a].every((element, index) => isSame(element, b.at(index)))
  }
  if (a instanceof MapValue && b instanceof MapValue) {
    const other = b
    return (
      a.size === b.size &&
      [...a.keys()].every((key) => {
        const left = a.find(key)
        const right = other.find(key)
        return left !== undefined && right !== undefined && isSame(left, right)
      })
    )
  }
  return equals(a, b) === true
}

/** The variables and functions of a `typeEnv`. */
export function declarationsOf(typeEnv: unknown): Extension {
  const variables: Record<string, CelType> = {}
  const functions: FunctionDeclaration[] = []
  for (const declaration of items(typeEnv)) {
    const name = String(member(declaration, 'name'))
    const ident = member(declaration, 'ident')
    if (ident !== undefined) variables[name] = celTypeOf(member(ident, 'type'))
    const overloads = items(member(member(declaration, 'function'), 'overloads'))
    if (overloads.length > 0) functions.push({ name, overloads: overloads.map(overloadOf) })
  }
  return { variables, functions }
}

const overloadOf = (overload: unknown): Overload => ({
  id: String(member(overload, 'overloadId')),
  isMethod: member(overload, 'isInstanceFunction') === true,
  parameters: items(member(overload, 'params')).map(celTypeOf),
  result: celTypeOf(member(overload, 'resultType')),
  accepts: () => true,
  run: () => new CelError('this function is declared only'),
})
