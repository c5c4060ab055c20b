import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FactSchema, parseTypeName, refName } from './facts.ts'

/**
 * What the JSON of upstream's Go types does with a zero value: `+` shows it when the field is absent (a value
 * without omitempty, or any struct value), `~` shows it as null (a list, map, pointer or time without omitempty),
 * `-` drops it (a value with omitempty), `` keeps what was given (a pointer).
 */
export type Presence = '+' | '~' | '-' | ''

export interface GoField {
  readonly presence: Presence
  /** The Go type where it does not follow from the schema (`v1.PullPolicy`): decoding errors name it. */
  readonly goType: string | undefined
}

/** `<group>.<version>.<Type>` → the fields that differ from the rule below, as `name=[+~-*][Go type]`. */
const exceptions: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'go-fields.json'), 'utf8'),
)

const opaque = new Set(['Time', 'MicroTime', 'RawExtension', 'FieldsV1', 'JSON', 'Patch'])

function rule(field: string, schema: FactSchema, required: boolean): Presence {
  const reference = schema.$ref === undefined ? undefined : parseTypeName(refName(schema.$ref)).name
  if (reference !== undefined && opaque.has(reference)) return ''
  if (required) return schema.format === 'byte' ? '' : '+'
  if (reference !== undefined) return field === 'metadata' ? '+' : ''
  return schema.type === 'array' || schema.type === 'object' || schema.type === 'string' ? '-' : ''
}

const isPresence = (mark: string | undefined): mark is Presence =>
  mark === '+' || mark === '~' || mark === '-'

/** How the Go field behind `type`'s property shows zero values, and its type's name. */
export function goField(type: string, field: string, schema: FactSchema, required: boolean): GoField {
  const { group, version, name } = parseTypeName(type)
  const entries = (exceptions[`${group}.${version}.${name}`] ?? '').split(' ')
  const [, text = ''] = entries.find((entry) => entry.startsWith(`${field}=`))?.split('=') ?? []
  const mark = /^[+~*-]/.exec(text)?.[0]
  const goType = mark === undefined ? text : text.slice(1)
  return {
    presence: isPresence(mark) ? mark : mark === '*' ? '' : rule(field, schema, required),
    goType: goType === '' ? undefined : goType,
  }
}
