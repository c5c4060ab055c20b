import { invalidValue, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../apimachinery/fields-reader.ts'
import type { KubernetesObject, StringMap } from '../../apimachinery/meta.ts'
import { isRecord } from '../../base/is-record.ts'
import { messageOf } from '../../base/message-of.ts'
import { parseQuery, type Query } from './query.ts'

export type Selector = (object: KubernetesObject) => boolean

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist']

/** The expression in a field, which may be in its older form or below `jq`; undefined where there is none, or a wrong one. */
export function readQuery(fields: FieldsReader | undefined, name: string): Query | undefined {
  const text = fields?.text(name)
  if (fields === undefined || text === undefined) return undefined
  try {
    return parseQuery(text)
  } catch (error) {
    fields.fail(invalidValue(fields.at(name), text, messageOf(error)))
    return undefined
  }
}

/** Objects that carry all of these labels, or annotations. */
export function readPairs(fields: FieldsReader, name: string, of: 'labels' | 'annotations'): Selector {
  const given = fields.raw(name)
  if (given === undefined) return () => true
  if (!isRecord(given)) fields.fail(invalidValue(fields.at(name), given, 'must be a map of strings'))
  const pairs = Object.entries(isRecord(given) ? given : {})
  return ({ metadata }) => {
    const held: StringMap = metadata?.[of] ?? {}
    return pairs.every(([key, value]) => held[key] === value)
  }
}

function readExpression(outer: FieldsReader): Selector {
  const fields = outer.object('jq') ?? outer
  const query = readQuery(fields, 'key')
  const operator = fields.text('operator') ?? ''
  const values = fields.texts('values') ?? []
  if (fields.raw('key') === undefined) fields.fail(required(fields.at('key')))
  if (!operators.includes(operator)) fields.fail(notSupported(fields.at('operator'), operator, operators))
  const listed = operator === 'In' || operator === 'NotIn'
  if (listed && values.length === 0) fields.fail(required(fields.at('values'), `by the operator ${operator}`))
  if (fields !== outer) fields.end()
  outer.end()
  const wanted = new Set(values)
  return (object) => {
    const found = query?.(object) ?? []
    const met = listed ? found.some((value) => wanted.has(String(value))) : found.length > 0
    return met === (operator === 'In' || operator === 'Exists')
  }
}

/** As KWOK's: all must hold; one that is empty selects everything, none at all nothing. */
export function readSelector(fields: FieldsReader | undefined): Selector {
  if (fields === undefined) return () => false
  const parts = [
    readPairs(fields, 'matchLabels', 'labels'),
    readPairs(fields, 'matchAnnotations', 'annotations'),
    ...(fields.objects('matchExpressions') ?? []).map(readExpression),
  ]
  fields.end()
  return (object) => parts.every((part) => part(object))
}
