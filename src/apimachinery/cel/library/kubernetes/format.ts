import { isLabelValue, isQualifiedName } from '../../../label-syntax.ts'
import { checkName } from '../../../name-rules.ts'
import type { Complaints } from '../../../names.ts'
import { type CelType, listOf, optionalOf, stringType, structType } from '../../types/type.ts'
import { ValueList } from '../../values/collections.ts'
import { parseDate } from '../../values/times.ts'
import { type Equality, none, noSuchOverload, Opaque, Optional, type Value } from '../../values/value.ts'
import { declare, type FunctionDeclaration, fn0, fn1, method2, parameters } from '../declare.ts'
import { requestUriError } from './go-url.ts'

const formatType: CelType = structType('kubernetes.NamedFormat')

class FormatValue extends Opaque {
  readonly name: string
  readonly complaints: (text: string) => Complaints
  /** What its check costs goes by the size of the regular expression that it amounts to. */
  readonly maxRegexSize: number

  constructor(name: string, maxRegexSize: number, complaints: (text: string) => Complaints) {
    super()
    this.name = name
    this.maxRegexSize = maxRegexSize
    this.complaints = complaints
  }

  get type(): CelType {
    return formatType
  }

  equals(other: Value): Equality {
    return other instanceof FormatValue ? other.name === this.name : noSuchOverload()
  }

  toString(): string {
    return this.name
  }
}

const matching =
  (pattern: RegExp, complaint: string) =>
  (text: string): Complaints =>
    pattern.test(text) ? [] : [complaint]

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/
const timeOfDay = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t')
  const match = timeOfDay.exec(time)
  if (text.length < 4 || parseDate(date) === undefined || match === null) return false
  const [, hour = '', minute = '', second = ''] = match
  return hour <= '23' && minute <= '59' && second <= '59'
}

function uriComplaints(text: string): Complaints {
  const error = requestUriError(text)
  return error === undefined ? [] : [error]
}

/** By the name that expressions use. */
const formats: ReadonlyMap<string, FormatValue> = new Map([
  ['dns1123Label', new FormatValue('DNS1123Label', 30, (text) => checkName('label', text, false))],
  [
    'dns1123Subdomain',
    new FormatValue('DNS1123Subdomain', 60, (text) => checkName('subdomain', text, false)),
  ],
  ['dns1035Label', new FormatValue('DNS1035Label', 30, (text) => checkName('label-1035', text, false))],
  ['qualifiedName', new FormatValue('QualifiedName', 60, isQualifiedName)],
  ['dns1123LabelPrefix', new FormatValue('DNS1123LabelPrefix', 30, (text) => checkName('label', text, true))],
  [
    'dns1123SubdomainPrefix',
    new FormatValue('DNS1123SubdomainPrefix', 60, (text) => checkName('subdomain', text, true)),
  ],
  [
    'dns1035LabelPrefix',
    new FormatValue('DNS1035LabelPrefix', 30, (text) => checkName('label-1035', text, true)),
  ],
  ['labelValue', new FormatValue('LabelValue', 40, isLabelValue)],
  ['uri', new FormatValue('URI', 1103, uriComplaints)],
  ['uuid', new FormatValue('uuid', 70, matching(uuid, 'does not match the UUID format'))],
  ['byte', new FormatValue('byte', 84, matching(base64, 'invalid base64'))],
  ['date', new FormatValue('date', 71, (text) => (parseDate(text) === undefined ? ['invalid date'] : []))],
  ['datetime', new FormatValue('datetime', 71, (text) => (isDateTime(text) ? [] : ['invalid datetime']))],
])

const { string } = parameters
const format = parameters.opaque(formatType, (value): value is FormatValue => value instanceof FormatValue)

function validate({ complaints }: FormatValue, text: string): Value {
  const found = complaints(text)
  return found.length === 0 ? none : new Optional(new ValueList(found))
}

function named(name: string): Value {
  const found = formats.get(name)
  return found === undefined ? none : new Optional(found)
}

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-format-library */
export const formatFunctions: readonly FunctionDeclaration[] = [
  declare('validate', method2('format-validate', format, string, optionalOf(listOf(stringType)), validate)),
  declare('format.named', fn1('format-named', string, optionalOf(formatType), named)),
  ...[...formats].map(([name, value]) =>
    declare(
      `format.${name}`,
      fn0(`format.${name}`, formatType, () => value),
    ),
  ),
]
