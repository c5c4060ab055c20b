import type { RE2JS } from 're2js'
import { parseGoDuration } from '../../go-duration.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  stringType,
  timestampType,
  typeOfType,
  typeParam,
  uintType,
} from '../types/type.ts'
import {
  conversionError,
  doubleAsInt,
  doubleAsUint,
  formatDouble,
  intAsUint,
  parseBool,
  parseDouble,
  parseInteger,
  uintAsInt,
} from '../values/convert.ts'
import { checkedInt, normalInt } from '../values/integers.ts'
import { codePointLength, decodeText, encodeText } from '../values/text.ts'
import {
  formatDuration,
  formatTimestamp,
  parseTimestamp,
  timestampOf,
  timestampOfSeconds,
} from '../values/times.ts'
import { CelError, Double, Duration, TypeValue, typeOf, type Value } from '../values/value.ts'
import { declare, type FunctionDeclaration, fn1, fn2, method1, method2, parameters } from './declare.ts'
import { matches, withConstantPattern } from './regular-expression.ts'

const { string, int, uint, double, bool, bytes, timestamp, duration, any, list, map } = parameters
const paramA = any('A')
const mapOfAB = map(typeParam('A'), typeParam('B'))
const identity = (value: Value): Value => value

function textOfBytes(value: Uint8Array): Value {
  return decodeText(value) ?? new CelError('invalid UTF-8 in bytes, cannot convert to string')
}

function toTimestamp(text: string): Value {
  const parsed = parseTimestamp(text)
  if (parsed === undefined) return conversionError('string', 'google.protobuf.Timestamp')
  return timestampOf(parsed.seconds, parsed.nanos, parsed.offsetSeconds)
}

function toDuration(text: string): Value {
  const nanos = parseGoDuration(text)
  return nanos === undefined ? conversionError('string', 'google.protobuf.Duration') : new Duration(nanos)
}

const conversions: readonly FunctionDeclaration[] = [
  declare(
    'bool',
    fn1('bool_to_bool', bool, boolType, identity),
    fn1('string_to_bool', string, boolType, parseBool),
  ),
  declare(
    'bytes',
    fn1('bytes_to_bytes', bytes, bytesType, identity),
    fn1('string_to_bytes', string, bytesType, encodeText),
  ),
  declare(
    'double',
    fn1('double_to_double', double, doubleType, identity),
    fn1('int64_to_double', int, doubleType, (value) => new Double(Number(value))),
    fn1('string_to_double', string, doubleType, parseDouble),
    fn1('uint64_to_double', uint, doubleType, (value) => new Double(Number(value.value))),
  ),
  declare(
    'duration',
    fn1('duration_to_duration', duration, durationType, identity),
    fn1('int64_to_duration', int, durationType, () => conversionError('int', 'google.protobuf.Duration')),
    fn1('string_to_duration', string, durationType, toDuration),
  ),
  declare('dyn', fn1('to_dyn', paramA, dynType, identity)),
  declare(
    'int',
    fn1('int64_to_int64', int, intType, identity),
    fn1('double_to_int64', double, intType, doubleAsInt),
    fn1('duration_to_int64', duration, intType, (value) => normalInt(value.nanos)),
    fn1('string_to_int64', string, intType, (text) => parseInteger(text, 'int')),
    fn1('timestamp_to_int64', timestamp, intType, (value) => value.seconds),
    fn1('uint64_to_int64', uint, intType, uintAsInt),
  ),
  declare(
    'string',
    fn1('string_to_string', string, stringType, identity),
    fn1('bool_to_string', bool, stringType, String),
    fn1('bytes_to_string', bytes, stringType, textOfBytes),
    fn1('double_to_string', double, stringType, (value) => formatDouble(value.value)),
    fn1('duration_to_string', duration, stringType, formatDuration),
    fn1('int64_to_string', int, stringType, String),
    fn1('timestamp_to_string', timestamp, stringType, (value) => formatTimestamp(value)),
    fn1('uint64_to_string', uint, stringType, (value) => String(value.value)),
  ),
  declare(
    'timestamp',
    fn1('timestamp_to_timestamp', timestamp, timestampType, identity),
    fn1('int64_to_timestamp', int, timestampType, timestampOfSeconds),
    fn1('string_to_timestamp', string, timestampType, toTimestamp),
  ),
  declare(
    'uint',
    fn1('uint64_to_uint64', uint, uintType, identity),
    fn1('double_to_uint64', double, uintType, doubleAsUint),
    fn1('int64_to_uint64', int, uintType, intAsUint),
    fn1('string_to_uint64', string, uintType, (text) => parseInteger(text, 'uint')),
  ),
  declare(
    'type',
    fn1('type', paramA, typeOfType(typeParam('A')), (value) => new TypeValue(typeOf(value))),
  ),
]

/** `size(x)` and `x.size()`. */
const sizes = declare(
  'size',
  fn1('size_bytes', bytes, intType, (value) => value.length),
  method1('bytes_size', bytes, intType, (value) => value.length),
  fn1('size_list', list(paramA), intType, (value) => value.size),
  method1('list_size', list(paramA), intType, (value) => value.size),
  fn1('size_map', mapOfAB, intType, (value) => value.size),
  method1('map_size', mapOfAB, intType, (value) => value.size),
  fn1('size_string', string, intType, codePointLength),
  method1('string_size', string, intType, codePointLength),
)

const testPattern = (pattern: RE2JS, text: string): Value => pattern.test(text)

const texts: readonly FunctionDeclaration[] = [
  declare(
    'contains',
    method2('contains_string', string, string, boolType, (text, part) => text.includes(part)),
  ),
  declare(
    'endsWith',
    method2('ends_with_string', string, string, boolType, (text, end) => text.endsWith(end)),
  ),
  declare(
    'startsWith',
    method2('starts_with_string', string, string, boolType, (text, start) => text.startsWith(start)),
  ),
  declare(
    'matches',
    withConstantPattern(fn2('matches', string, string, boolType, matches), testPattern),
    withConstantPattern(method2('matches_string', string, string, boolType, matches), testPattern),
  ),
]

const wholeUnits = (unit: bigint) => (value: Duration) => checkedInt(value.nanos / unit)

/** Units of a duration, by the getter that shares its name with a timestamp's. */
export const durationGetters = {
  getHours: method1('duration_to_hours', duration, intType, wholeUnits(3_600_000_000_000n)),
  getMinutes: method1('duration_to_minutes', duration, intType, wholeUnits(60_000_000_000n)),
  getSeconds: method1('duration_to_seconds', duration, intType, wholeUnits(1_000_000_000n)),
  getMilliseconds: method1('duration_to_milliseconds', duration, intType, wholeUnits(1_000_000n)),
} as const

export const standardFunctions: readonly FunctionDeclaration[] = [...conversions, sizes, ...texts]
