import { hex } from '../../../../base/hex.ts'
import { goQuote } from '../../../go-text.ts'
import { fixedDigits, formatDouble } from '../../values/convert.ts'
import { compareText, decodeText, encodeText } from '../../values/text.ts'
import { formatDuration, formatTimestamp } from '../../values/times.ts'
import {
  CelError,
  Double,
  Duration,
  isInt,
  List,
  MapValue,
  Timestamp,
  TypeValue,
  typeOf,
  Uint,
  type Value,
} from '../../values/value.ts'

/** A value, or the text of an error. */
export type Formatted = string | CelError

/** What formats the argument of one clause. */
export type Clause = (value: Value) => Formatted

const defaultPrecision = 6

export const complaints = {
  b: (type: string) => `only integers and bools can be formatted as binary, was given ${type}`,
  d: (type: string) => `decimal clause can only be used on integers, was given ${type}`,
  f: (type: string) => `fixed-point clause can only be used on doubles, was given ${type}`,
  x: (type: string) => `only integers, byte buffers, and strings can be formatted as hex, was given ${type}`,
  o: (type: string) => `octal clause can only be used on integers, was given ${type}`,
  e: (type: string) => `scientific clause can only be used on doubles, was given ${type}`,
  s: (type: string) =>
    'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and ' +
    `timestamps, was given ${type}`,
} as const

const refuse = (clause: keyof typeof complaints, value: Value): CelError =>
  new CelError(complaints[clause](typeOf(value).name))

const integerOf = (value: Value): bigint | undefined =>
  isInt(value) ? BigInt(value) : value instanceof Uint ? BigInt(value.value) : undefined

/** What a value is inside of a list or map. */
function formatMember(value: Value): Formatted {
  if (typeof value === 'string') return goQuote(value)
  if (value instanceof Uint8Array) return `b${goQuote(decodeText(value) ?? '')}`
  if (value instanceof Timestamp) return `timestamp("${formatTimestamp(value)}")`
  if (value instanceof Duration) return `duration("${formatDuration(value)}")`
  if (!(value instanceof Double)) {
    return isFormattable(value)
      ? formatAsString(value)
      : new CelError(`no formatting function for ${typeOf(value).name}`)
  }
  if (Number.isNaN(value.value)) return '"NaN"'
  if (!Number.isFinite(value.value)) return value.value > 0 ? '"+Inf"' : '"-Inf"'
  return fixedDigits(value.value, defaultPrecision)
}

const isFormattable = (value: Value): boolean =>
  value === null ||
  typeof value === 'boolean' ||
  integerOf(value) !== undefined ||
  value instanceof List ||
  value instanceof MapValue ||
  value instanceof TypeValue

function formatList(list: List): Formatted {
  const members: string[] = []
  for (const value of list) {
    const text = formatMember(value)
    if (text instanceof CelError) return text
    members.push(text)
  }
  return `[${members.join(', ')}]`
}

function formatMap(map: MapValue): Formatted {
  const pairs: (readonly [string, string])[] = []
  for (const key of map.keys()) {
    if (key instanceof Double || (typeof key === 'object' && !(key instanceof Uint))) {
      return new CelError(`no formatting function for map key of type ${typeOf(key).name}`)
    }
    const name = formatMember(key)
    const value = formatMember(map.find(key) ?? null)
    if (name instanceof CelError) return name
    if (value instanceof CelError) return value
    pairs.push([name, value])
  }
  pairs.sort(([a], [b]) => compareText(a, b))
  return `{${pairs.map(([name, value]) => `${name}:${value}`).join(', ')}}`
}

/** `%s`. */
function formatAsString(value: Value): Formatted {
  if (typeof value === 'string') return value
  if (value === null) return 'null'
  if (typeof value === 'boolean' || isInt(value)) return String(value)
  if (value instanceof List) return formatList(value)
  if (value instanceof MapValue && value.structType === undefined) return formatMap(value)
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Double) return formatDouble(value.value)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  if (value instanceof TypeValue) return value.type.name
  if (!(value instanceof Uint8Array)) return refuse('s', value)
  return decodeText(value) ?? new CelError('invalid UTF-8 in bytes, cannot convert to string')
}

const decimal: Clause = (value) => integerOf(value)?.toString() ?? refuse('d', value)
const octal: Clause = (value) => integerOf(value)?.toString(8) ?? refuse('o', value)
const binary: Clause = (value) => {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return integerOf(value)?.toString(2) ?? refuse('b', value)
}

const hexadecimal =
  (upper: boolean): Clause =>
  (value) => {
    const text =
      typeof value === 'string'
        ? hex(encodeText(value))
        : value instanceof Uint8Array
          ? hex(value)
          : integerOf(value)?.toString(16)
    if (text === undefined) return refuse('x', value)
    return upper ? text.toUpperCase() : text
  }

const namedDoubles: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

const numberOf = (value: Value): number | undefined =>
  value instanceof Double ? value.value : typeof value === 'string' ? namedDoubles.get(value) : undefined

const notFinite = (value: number): string => (Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞')

/** All digits that were asked for: the platform stops at a hundred. */
const digitsOf = (precision: number): number => Math.min(precision, 100)

/** With commas between thousands, as the en_US locale of upstream's printer has them. */
const fixedPoint =
  (precision: number): Clause =>
  (value) => {
    const number = numberOf(value)
    if (number === undefined) return refuse('f', value)
    if (!Number.isFinite(number)) return notFinite(number)
    const [whole = '', fraction] = fixedDigits(number, precision).split('.')
    const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
    return fraction === undefined ? grouped : `${grouped}.${fraction}`
  }

const superscripts: Readonly<Record<string, string>> = {
  '-': '⁻',
  0: '⁰',
  1: '¹',
  2: '²',
  3: '³',
  4: '⁴',
  5: '⁵',
  6: '⁶',
  7: '⁷',
  8: '⁸',
  9: '⁹',
}

/** As upstream's printer writes it in en_US: `1.5 × 10⁰³`. */
const scientific =
  (precision: number): Clause =>
  (value) => {
    const number = numberOf(value)
    if (number === undefined) return refuse('e', value)
    if (!Number.isFinite(number)) return notFinite(number)
    const [mantissa = '', exponent = ''] = number.toExponential(digitsOf(precision)).split('e')
    const sign = exponent.startsWith('-') ? '-' : ''
    const digits = exponent.replace(/^[+-]/, '').padStart(2, '0')
    const raised = [...`${sign}${digits}`].map((character) => superscripts[character] ?? '').join('')
    return `${mantissa}\u202f×\u202f10${raised}`
  }

function clauseFor(letter: string, precision: number): Clause | undefined {
  switch (letter) {
    case 's':
      return formatAsString
    case 'd':
      return decimal
    case 'f':
      return fixedPoint(precision)
    case 'e':
      return scientific(precision)
    case 'b':
      return binary
    case 'x':
    case 'X':
      return hexadecimal(letter === 'X')
    case 'o':
      return octal
    default:
      return undefined
  }
}

/** A format string taken apart: texts, and clauses that each take an argument. */
export type FormatPart =
  | { readonly text: string }
  | { readonly letter: string; readonly format: Clause }
  | { readonly error: string }

const clausePattern = /^%(?:\.(\d*))?(.?)/s

function clauseAt(rest: string): { readonly part: FormatPart; readonly length: number } {
  const [found = '%', precision, letter = ''] = clausePattern.exec(rest) ?? []
  const fail = (error: string): { readonly part: FormatPart; readonly length: number } => ({
    part: { error },
    length: rest.length,
  })
  if (letter === '') {
    return fail(
      precision === undefined
        ? 'unexpected end of string'
        : 'could not parse formatting clause: error while parsing precision: could not find end of precision specifier',
    )
  }
  if (precision === '') {
    return fail(
      'could not parse formatting clause: error while parsing precision: error while converting precision to ' +
        'integer: strconv.Atoi: parsing "": invalid syntax',
    )
  }
  const format = clauseFor(letter, precision === undefined ? defaultPrecision : Number(precision))
  if (format === undefined) {
    return fail(`could not parse formatting clause: unrecognized formatting clause "${letter}"`)
  }
  return { part: { letter, format }, length: found.length }
}

export function* formatParts(format: string): Iterable<FormatPart> {
  let at = 0
  while (at < format.length) {
    const next = format.indexOf('%', at)
    if (next < 0) return yield { text: format.slice(at) }
    if (next > at) yield { text: format.slice(at, next) }
    if (format[next + 1] === '%') {
      yield { text: '%' }
      at = next + 2
      continue
    }
    const { part, length } = clauseAt(format.slice(next))
    yield part
    at = next + length
  }
}

/** `format.format(arguments)` (cel-go's ext.Strings, versions 1 to 3). */
export function formatString(format: string, args: List): Value {
  let result = ''
  let index = 0
  for (const part of formatParts(format)) {
    if ('text' in part) {
      result += part.text
      continue
    }
    if (index >= args.size) return new CelError(`index ${index} out of range`)
    if ('error' in part) return new CelError(part.error)
    const text = part.format(args.at(index))
    if (text instanceof CelError) return new CelError(`error during formatting: ${text.message}`)
    result += text
    index++
  }
  return result
}
