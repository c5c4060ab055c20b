import { intType, listOf, stringType } from '../../types/type.ts'
import { ValueList } from '../../values/collections.ts'
import { formatPlain } from '../../values/format.ts'
import { hasPairs } from '../../values/text.ts'
import { CelError, type Int, type List, type Value } from '../../values/value.ts'
import {
  declare,
  type FunctionDeclaration,
  fn1,
  method1,
  method2,
  method3,
  method4,
  parameters,
} from '../declare.ts'
import { formatString } from './format-string.ts'

const { string, int, list, dyn } = parameters
const listOfString = listOf(stringType)

const outOfRange = (index: Int): CelError => new CelError(`index out of range: ${index}`)

/** Characters as code points; the text itself serves where every character is one unit. */
const characters = (text: string): string | readonly string[] => (hasPairs(text) ? [...text] : text)

const join = (part: string | readonly string[]): string => (typeof part === 'string' ? part : part.join(''))

function charAt(text: string, index: Int): Value {
  const all = characters(text)
  if (index < 0 || index > all.length) return outOfRange(index)
  return all[Number(index)] ?? ''
}

function indexOf(text: string, part: string, from: Int): Value {
  if (part === '') return from
  if (from < 0) return outOfRange(from)
  if (!hasPairs(text)) return text.indexOf(part, Number(from))
  const all = [...text]
  const at = all.slice(Number(from)).join('').indexOf(part)
  if (at < 0) return -1
  return Number(from) + [...all.slice(Number(from)).join('').slice(0, at)].length
}

function lastIndexOf(text: string, part: string, from: Int | undefined): Value {
  const all = characters(text)
  if (part === '') return from ?? all.length
  if (from !== undefined && from < 0) return outOfRange(from)
  if (from !== undefined && from >= all.length) return -1
  const last = from === undefined ? all.length : Number(from)
  if (typeof all === 'string') return text.lastIndexOf(part, last)
  const size = [...part].length
  const head = all.slice(0, last + size).join('')
  const at = head.lastIndexOf(part)
  return at < 0 ? -1 : [...head.slice(0, at)].length
}

function substring(text: string, start: Int, end?: Int): Value {
  const all = characters(text)
  const stop = end ?? all.length
  if (end !== undefined && start > end) {
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  }
  if (start < 0 || start > all.length) return outOfRange(start)
  if (stop < 0 || stop > all.length) return outOfRange(stop)
  return join(all.slice(Number(start), Number(stop)))
}

/** Go's `strings.Replace`: at most `limit` times, always if it is negative; an empty text is found everywhere. */
function replace(text: string, from: string, to: string, limit: Int): string {
  if (from === to || limit === 0) return text
  if (limit < 0)
    return from === '' ? `${to}${[...text].map((each) => each + to).join('')}` : text.replaceAll(from, to)
  const parts = from === '' ? ['', ...text] : text.split(from)
  const most = Number(limit)
  if (from === '') {
    return parts.map((part, index) => (index < most ? part + to : part)).join('')
  }
  const replaced = parts.slice(0, most + 1).join(to)
  const rest = parts.slice(most + 1)
  return rest.length === 0 ? replaced : `${replaced}${from}${rest.join(from)}`
}

/** Go's `strings.SplitN`. */
function split(text: string, separator: string, limit: Int): Value {
  if (limit === 0) return new ValueList([])
  const parts = separator === '' ? [...text] : text.split(separator)
  const most = Number(limit)
  if (most < 0 || parts.length <= most) return new ValueList(parts)
  return new ValueList([...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)])
}

function joinList(values: List, separator: string): Value {
  const texts: string[] = []
  for (const value of values) {
    if (typeof value !== 'string') return new CelError(`join: invalid input: ${formatPlain(value)}`)
    texts.push(value)
  }
  return texts.join(separator)
}

const space = /^[\s\u0085]+|[\s\u0085]+$/g
/** Go's white space: without the byte order mark. */
const trim = (text: string): string =>
  text.replace(space, (found) => (found.includes('\ufeff') ? trimAround(found) : ''))
const trimAround = (found: string): string =>
  found.slice(found.indexOf('\ufeff'), found.lastIndexOf('\ufeff') + 1)

const escapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

const quote = (text: string): string =>
  `"${text.toWellFormed().replace(/[^ !#-[\]-~]/g, (found) => escapes[found] ?? found)}"`

/** `ext.Strings` of version 0: what Kubernetes had before 1.29. */
const strings0: readonly FunctionDeclaration[] = [
  declare('charAt', method2('string_char_at_int', string, int, stringType, charAt)),
  declare(
    'indexOf',
    method2('string_index_of_string', string, string, intType, (text, part) => indexOf(text, part, 0)),
    method3('string_index_of_string_int', string, string, int, intType, indexOf),
  ),
  declare(
    'lastIndexOf',
    method2('string_last_index_of_string', string, string, intType, (text, part) =>
      lastIndexOf(text, part, undefined),
    ),
    method3('string_last_index_of_string_int', string, string, int, intType, lastIndexOf),
  ),
  declare(
    'lowerAscii',
    method1('string_lower_ascii', string, stringType, (text) =>
      text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
    ),
  ),
  declare(
    'upperAscii',
    method1('string_upper_ascii', string, stringType, (text) =>
      text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
    ),
  ),
  declare(
    'replace',
    method3('string_replace_string_string', string, string, string, stringType, (text, from, to) =>
      replace(text, from, to, -1),
    ),
    method4('string_replace_string_string_int', string, string, string, int, stringType, replace),
  ),
  declare(
    'split',
    method2('string_split_string', string, string, listOfString, (text, separator) =>
      split(text, separator, -1),
    ),
    method3('string_split_string_int', string, string, int, listOfString, split),
  ),
  declare(
    'substring',
    method2('string_substring_int', string, int, stringType, substring),
    method3('string_substring_int_int', string, int, int, stringType, substring),
  ),
  declare('trim', method1('string_trim', string, stringType, trim)),
  declare(
    'join',
    method1('list_join', list(string), stringType, (values) => joinList(values, '')),
    method2('list_join_string', list(string), string, stringType, joinList),
  ),
]

/** `ext.Strings` of version 2. */
export const stringExtensions: readonly FunctionDeclaration[] = [
  ...strings0,
  declare('format', method2('string_format', string, list(dyn), stringType, formatString)),
  declare('strings.quote', fn1('strings_quote', string, stringType, quote)),
]
