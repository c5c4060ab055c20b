import { re2Complaint } from '../../base/re2.ts'
import type { FieldError } from '../field-error.ts'
import { fieldForbidden, invalidValue, required } from '../field-errors.ts'
import type { FieldPath } from '../field-path.ts'
import { jsonEqual } from '../json-equal.ts'
import { checkCompleteness } from './check-completeness.ts'
import { isObject, itemsOf, type JsonSchema, valuesOf } from './json-schema.ts'

type Level = 'root' | 'item' | 'field'

interface Check {
  readonly path: FieldPath
  readonly errors: FieldError[]
}

const isTrue = (value: boolean | undefined): boolean => value === true
const intOrString: readonly JsonSchema[] = [{ type: 'integer' }, { type: 'string' }]

const untyped: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

/** Extensions that cannot be together. */
function checkExtensions(schema: JsonSchema, { path, errors }: Check): void {
  if (!isTrue(schema['x-kubernetes-int-or-string'])) return
  const detail = 'must be false if x-kubernetes-int-or-string is true'
  for (const field of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    if (isTrue(schema[field])) errors.push(invalidValue(path.child(field), true, detail))
}

function checkType(schema: JsonSchema, level: Level, { path, errors }: Check): void {
  const { type = '' } = schema
  const embedded = isTrue(schema['x-kubernetes-embedded-resource'])
  const where = path.child('type')
  const typeless =
    isTrue(schema['x-kubernetes-int-or-string']) || isTrue(schema['x-kubernetes-preserve-unknown-fields'])
  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type === '' ? required(where, detail) : invalidValue(where, type, detail))
  } else if (type === '' && !typeless) errors.push(required(where, untyped[level]))
  if (embedded && schema.additionalProperties !== undefined) {
    const detail = 'must not be used if x-kubernetes-embedded-resource is set'
    errors.push(fieldForbidden(path.child('additionalProperties'), detail))
  }
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalidValue(where, type, 'must be object at the root'))
}

/** Only what names may be is for the definition to say: the rest of metadata is the machinery's. */
function checkRootMetadata(metadata: JsonSchema, path: FieldPath, errors: FieldError[]): void {
  const { type: _type, default: _default, properties = {}, ...rest } = metadata
  const names = Object.keys(properties).every((name) => name === 'name' || name === 'generateName')
  const isBare = Object.entries(rest).every(
    ([, value]) =>
      value === undefined || value === false || (isObject(value) && Object.keys(value).length === 0),
  )
  if (names && isBare) return
  const detail =
    'must not specify anything other than name and generateName, but metadata is implicitly specified'
  errors.push(fieldForbidden(path, detail))
}

function checkObjectFields(schema: JsonSchema, level: Level, { path, errors }: Check): void {
  const embedded = isTrue(schema['x-kubernetes-embedded-resource'])
  const { properties = {} } = schema
  const isObjectRoot = level === 'root' || embedded
  for (const field of ['kind', 'apiVersion'] as const) {
    const property = properties[field]
    if (property === undefined || !isObjectRoot || property.type === 'string') continue
    const where = path.child('properties').key(field).child('type')
    errors.push(invalidValue(where, property.type ?? '', 'must be string'))
  }
  const { metadata } = properties
  if (metadata !== undefined) {
    const where = path.child('properties').key('metadata')
    if (isObjectRoot && metadata.type !== 'object')
      errors.push(invalidValue(where.child('type'), metadata.type ?? '', 'must be object'))
    if (level === 'root') checkRootMetadata(metadata, where, errors)
  }
  const open = isTrue(schema['x-kubernetes-preserve-unknown-fields'])
  if (embedded && !open && Object.keys(properties).length === 0) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(required(path.child('properties'), detail))
  }
}

const forbiddenInside: readonly (readonly [keyof JsonSchema, string])[] = [
  ['type', 'must be empty to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
]

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0)

interface Skips {
  readonly anyOf: boolean
  readonly firstAllOfAnyOf: boolean
}

const nothingSkipped: Skips = { anyOf: false, firstAllOfAnyOf: false }

/** What stands within allOf and its like may only restrict values, never say what there is. */
function checkNested(schema: JsonSchema, skips: Skips, { path, errors }: Check): void {
  checkValues(schema, skips, { path, errors })
  const items = itemsOf(schema)
  if (items !== undefined) checkNested(items, nothingSkipped, { path: path.child('items'), errors })
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkNested(property, nothingSkipped, { path: path.child('properties').key(name), errors })
  for (const [field, detail] of forbiddenInside)
    if (isSet(schema[field])) errors.push(fieldForbidden(path.child(field), detail))
  const { additionalProperties } = schema
  if (additionalProperties !== undefined && additionalProperties !== false)
    errors.push(fieldForbidden(path.child('additionalProperties'), 'must be undefined to be structural'))
  if (schema.properties?.metadata !== undefined) {
    const where = path.child('properties').key('metadata')
    errors.push(fieldForbidden(where, 'must not be specified in a nested context'))
  }
}

function checkValues(schema: JsonSchema, skips: Skips, { path, errors }: Check): void {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern = '' } = schema
  if (!skips.anyOf)
    anyOf.forEach((part, index) => {
      checkNested(part, nothingSkipped, { path: path.child('anyOf').index(index), errors })
    })
  allOf.forEach((part, index) => {
    const inner = { anyOf: skips.firstAllOfAnyOf && index === 0, firstAllOfAnyOf: false }
    checkNested(part, inner, { path: path.child('allOf').index(index), errors })
  })
  oneOf.forEach((part, index) => {
    checkNested(part, nothingSkipped, { path: path.child('oneOf').index(index), errors })
  })
  if (not !== undefined) checkNested(not, nothingSkipped, { path: path.child('not'), errors })
  const complaint = pattern === '' ? undefined : re2Complaint(pattern)
  if (complaint !== undefined) {
    const detail = `must be a valid regular expression, but isn't: ${complaint}`
    errors.push(invalidValue(path.child('pattern'), pattern, detail))
  }
}

function checkInvariants(schema: JsonSchema, level: Level, { path, errors }: Check): void {
  const items = itemsOf(schema)
  if (schema.type === 'array' && items === undefined)
    errors.push(required(path.child('items'), 'must be specified'))
  if (items !== undefined) checkInvariants(items, 'item', { path: path.child('items'), errors })
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkInvariants(property, 'field', { path: path.child('properties').key(name), errors })
  if (schema.additionalProperties !== undefined) {
    const where = path.child('additionalProperties')
    if (level === 'root') errors.push(fieldForbidden(where, 'must not be used at the root'))
    const values = valuesOf(schema)
    if (values !== undefined) checkInvariants(values, 'field', { path: where, errors })
  }
  checkExtensions(schema, { path, errors })
  const skips = {
    anyOf: jsonEqual(schema.anyOf, intOrString),
    firstAllOfAnyOf: jsonEqual(schema.allOf?.[0]?.anyOf, intOrString),
  }
  checkValues(schema, skips, { path, errors })
  checkType(schema, level, { path, errors })
  checkObjectFields(schema, level, { path, errors })
}

const text = ({ field, message }: FieldError): string => `${field}: ${message}`

/** Upstream's ValidateStructural: that a schema says of every field what it is (KEP-2893). Sorted, as upstream. */
export function checkStructural(schema: JsonSchema, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = []
  checkInvariants(schema, 'root', { path, errors })
  checkCompleteness(schema, path, errors)
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : 1))
}
