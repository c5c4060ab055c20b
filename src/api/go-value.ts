import type { FieldError, ShownValue } from '../apimachinery/field-error.ts'
import { goIndentedJson, goJson } from '../apimachinery/go-text.ts'
import { lineDifference } from '../apimachinery/line-difference.ts'
import type { Schema } from '../apimachinery/schema.ts'
import { goStructs } from './generated/go-structs.ts'

/** A field of a Go struct as `json.Marshal` prints it. */
interface GoField {
  readonly name: string
  /** The API's name of it; undefined for one that the API does not have. */
  readonly source: string | undefined
  /** The API has it one level above (`hostNetwork`, which Go keeps with the pod's security context). */
  readonly isAbove: boolean
  /** Its zero value is null, whatever its type. */
  readonly isPointer: boolean
  /** Its zero value is not shown. */
  readonly omitsEmpty: boolean
  /** What stands for a field that the API does not have. */
  readonly zero: string
}

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `HTTPGet` → `httpGet`: the first word of a Go name in small letters. */
function apiName(name: string): string {
  const capitals = /^[A-Z]+/.exec(name)?.[0].length ?? 0
  const first = capitals === name.length ? capitals : Math.max(1, capitals - 1)
  return name.slice(0, first).toLowerCase() + name.slice(first)
}

/** `Name[=apiName|=^nameAbove|=literal][?][*]`; a name that does not begin with a capital is from a JSON tag. */
function parseField(code: string): GoField {
  const [, name = '', written, omits, pointer] = /^([^=?*]+)(?:=([^?*]*))?(\?)?(\*)?$/.exec(code) ?? []
  const isAbove = written?.startsWith('^') === true
  const isMissing = written !== undefined && /^(0|)$/.test(written)
  const source = isAbove ? written.slice(1) : (written ?? (/^[A-Z]/.test(name) ? apiName(name) : name))
  return {
    name,
    source: isMissing ? undefined : source,
    isAbove,
    isPointer: pointer !== undefined,
    omitsEmpty: omits !== undefined,
    zero: written || 'null',
  }
}

/** Go's internal types by the names of the API's. */
const structs = (): ((type: string) => readonly GoField[] | undefined) => {
  const codes: Readonly<Record<string, string>> = JSON.parse(goStructs)
  return (type) => {
    const short = /([^.]+\.[^.]+\.[^.]+)$/.exec(type)?.[1] ?? ''
    return Object.hasOwn(codes, short) ? codes[short]?.split(' ').map(parseField) : undefined
  }
}

function zeroText(schema: Schema, fieldsOf: ReturnType<typeof structs>): string {
  if (schema.intOrString === true) return '0'
  if (schema.type === 'integer' || schema.type === 'number') return '0'
  if (schema.type === 'boolean') return 'false'
  if (schema.format === 'quantity') return '"0"'
  if (schema.type === 'string') return schema.format === undefined ? '""' : 'null'
  return schema.properties === undefined ? 'null' : print({}, schema, {}, fieldsOf)
}

/** Where the API has a field: Go keeps some one level deeper, and embeds an object's metadata. */
function placeOf(
  field: GoField,
  value: Members,
  schema: Schema,
  above: Members,
): [unknown, Schema | undefined] {
  const { source = '' } = field
  if (field.isAbove) return [above[source], undefined]
  const { properties = {} } = schema
  const { metadata } = value
  if (Object.hasOwn(properties, source) || properties.metadata === undefined)
    return [value[source], properties[source]]
  return [isMembers(metadata) ? metadata[source] : undefined, properties.metadata.properties?.[source]]
}

function printFields(
  value: Members,
  schema: Schema,
  above: Members,
  fields: readonly GoField[],
  fieldsOf: ReturnType<typeof structs>,
): string {
  const parts: string[] = []
  for (const field of fields) {
    const [member, type] = placeOf(field, value, schema, above)
    let text = field.zero
    if (field.omitsEmpty && isEmpty(member)) continue
    if (member !== undefined && member !== null)
      text = type === undefined ? goJson(member) : print(member, type, value, fieldsOf)
    else if (field.omitsEmpty) continue
    else if (field.isPointer) text = 'null'
    else if (type !== undefined) text = zeroText(type, fieldsOf)
    else if (field.isAbove) text = 'false'
    parts.push(`${goJson(field.name)}:${text}`)
  }
  return `{${parts.join(',')}}`
}

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isMembers(value) && Object.keys(value).length === 0

/** A type that Go prints as the API has it. */
function printShown(
  value: Members,
  properties: Readonly<Record<string, Schema>>,
  fieldsOf: ReturnType<typeof structs>,
): string {
  const parts = Object.entries(value).flatMap(([key, member]) => {
    const type = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (member === undefined || (type?.presence === 'nonzero' && isEmpty(member))) return []
    return `${goJson(key)}:${type === undefined ? goJson(member) : print(member, type, value, fieldsOf)}`
  })
  return `{${parts.join(',')}}`
}

function print(value: unknown, schema: Schema, above: Members, fieldsOf: ReturnType<typeof structs>): string {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return goJson(value)
    return `[${value.map((item) => print(item, items, above, fieldsOf)).join(',')}]`
  }
  if (!isMembers(value)) return goJson(value)
  const fields = schema.name === undefined ? undefined : fieldsOf(schema.name)
  if (fields !== undefined) return printFields(value, schema, above, fields, fieldsOf)
  const { additionalProperties: values, properties } = schema
  if (properties !== undefined) return printShown(value, properties, fieldsOf)
  if (typeof values !== 'object') return goJson(value)
  const entries = Object.keys(value).sort()
  return `{${entries.map((key) => `${goJson(key)}:${print(value[key], values, value, fieldsOf)}`).join(',')}}`
}

/** The types on the way to `field` (`spec.volumes[0].projected`) of an object of a type, the last first. */
function typesTo(root: Schema, field: string): readonly Schema[] {
  const types: Schema[] = []
  let type: Schema | undefined = root
  for (const [, name, key] of field.matchAll(/\.?([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (name !== undefined)
      type = Object.hasOwn(type.properties ?? {}, name) ? type.properties?.[name] : undefined
    else if (type.type === 'array') type = type.items
    else if (key !== undefined && typeof type.additionalProperties === 'object')
      type = type.additionalProperties
    else type = undefined
    if (type === undefined) break
    types.unshift(type)
    if (type.items !== undefined) types.splice(1, 0, type.items)
  }
  return types
}

/** Whether a value can be of that type: errors at a field may show what it is in. */
function fits(value: unknown, type: Schema): boolean {
  if (Array.isArray(value)) return type.type === 'array'
  if (!isMembers(value)) return false
  if (typeof type.additionalProperties === 'object') return true
  const { properties } = type
  const keys = Object.keys(value)
  return properties !== undefined && keys.length > 0 && keys.every((key) => Object.hasOwn(properties, key))
}

/**
 * Errors of an object of a type, with the values in their messages as upstream prints them:
 * Go's internal types, all fields by their names in Go and in its order.
 */
export function inGoForm(errors: readonly FieldError[], root: Schema | undefined): readonly FieldError[] {
  if (root === undefined || errors.every(({ shown }) => shown === undefined)) return errors
  const fieldsOf = structs()
  return errors.map((error) => {
    if (error.shown === undefined) return error
    const { before, value, next, after } = error.shown
    const type = typeOf(error.shown, error.field, root)
    if (type === undefined) return error
    const text = print(value, type, {}, fieldsOf)
    const shown = next === undefined ? text : difference(text, print(next, type, {}, fieldsOf))
    return { ...error, message: before + shown + after }
  })
}

function typeOf({ value, next, struct }: ShownValue, field: string, root: Schema): Schema | undefined {
  const type = typesTo(root, field).find(
    (each) => fits(value, each) && (next === undefined || fits(next, each)),
  )
  return type === undefined || struct === undefined
    ? type
    : { ...type, name: struct, properties: type.properties }
}

const difference = (before: string, after: string): string =>
  lineDifference(goIndentedJson(JSON.parse(before)), goIndentedJson(JSON.parse(after)))
