import type { FieldError } from '../field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../field-errors.ts'
import type { FieldPath } from '../field-path.ts'
import { checkListType } from './check-list-type.ts'
import { checkRuleTexts } from './check-rule-texts.ts'
import { isList, type JsonSchema, valuesOf } from './json-schema.ts'

/** What an update does not have to keep, since it was not kept before. */
export interface SchemaCheckOptions {
  readonly requireValidTypes: boolean
  readonly requireAtomicSets: boolean
  readonly requireMapKeys: boolean
}

/** What holds below a place of the schema. */
interface Place {
  readonly path: FieldPath
  readonly isRoot: boolean
  readonly insideMetadata: boolean
  /** Why no defaults may be here; undefined: they may. */
  readonly noDefaults: string | undefined
}

const types: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const metaFields: readonly string[] = ['metadata', 'kind', 'apiVersion']

const unsupported: readonly (readonly [keyof JsonSchema, string])[] = [
  ['id', 'id is not supported'],
  ['additionalItems', 'additionalItems is not supported'],
  ['patternProperties', 'patternProperties is not supported'],
  ['definitions', 'definitions is not supported'],
  ['dependencies', 'dependencies is not supported'],
  ['$ref', '$ref is not supported'],
]

function checkWords(
  schema: JsonSchema,
  place: Place,
  options: SchemaCheckOptions,
  errors: FieldError[],
): void {
  const { path, noDefaults, insideMetadata } = place
  const { type = '' } = schema
  if (options.requireValidTypes && type !== '' && !types.includes(type))
    errors.push(notSupported(path.child('type'), type, types))
  if (schema.default !== undefined && noDefaults !== undefined)
    errors.push(fieldForbidden(path.child('default'), `must not be set ${noDefaults}`))
  for (const [field, detail] of unsupported) {
    const value = schema[field]
    if (value !== undefined && value !== '') errors.push(fieldForbidden(path.child(field), detail))
  }
  if (type === 'null') {
    const detail = 'type cannot be set to null, use nullable as an alternative'
    errors.push(fieldForbidden(path.child('type'), detail))
  }
  if (Array.isArray(schema.items) && schema.items.length > 0)
    errors.push(fieldForbidden(path.child('items'), 'items must be a schema object and not an array'))
  if (insideMetadata && schema['x-kubernetes-embedded-resource'] === true) {
    const detail = 'must not be used inside of resource meta'
    errors.push(fieldForbidden(path.child('x-kubernetes-embedded-resource'), detail))
  }
}

function checkExtensions(schema: JsonSchema, path: FieldPath, errors: FieldError[]): void {
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    const where = path.child('x-kubernetes-preserve-unknown-fields')
    errors.push(invalidValue(where, false, 'must be true or undefined'))
  }
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return
  const { type = '' } = schema
  if (type !== 'object') {
    const detail = 'must be object if x-kubernetes-map-type is specified'
    const where = path.child('type')
    errors.push(type === '' ? required(where, detail) : invalidValue(where, type, detail))
  }
  if (mapType !== 'atomic' && mapType !== 'granular')
    errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']))
}

function checkProperties(
  schema: JsonSchema,
  place: Place,
  check: (part: JsonSchema, at: Place) => void,
): void {
  const isObjectRoot = place.isRoot || schema['x-kubernetes-embedded-resource'] === true
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const path = place.path.child('properties').key(name)
    const isMeta = isObjectRoot && metaFields.includes(name)
    check(property, {
      path,
      isRoot: false,
      insideMetadata: place.insideMetadata || isMeta,
      noDefaults: isMeta && place.isRoot ? `in top-level ${name}` : place.noDefaults,
    })
  }
}

function checkPart(
  schema: JsonSchema,
  place: Place,
  options: SchemaCheckOptions,
  errors: FieldError[],
): void {
  const { path } = place
  const check = (part: JsonSchema, at: Place): void => checkPart(part, at, options, errors)
  const below = (at: FieldPath): Place => ({ ...place, path: at, isRoot: false })
  checkWords(schema, place, options, errors)
  if (schema.uniqueItems === true) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(fieldForbidden(path.child('uniqueItems'), detail))
  }
  const { additionalProperties, allOf = [], anyOf = [], oneOf = [], not } = schema
  if (additionalProperties !== undefined) {
    const where = path.child('additionalProperties')
    if (Object.keys(schema.properties ?? {}).length > 0 && additionalProperties !== true)
      errors.push(fieldForbidden(where, 'additionalProperties and properties are mutual exclusive'))
    const values = valuesOf(schema)
    const reason = 'inside additionalProperties applying to object metadata'
    const at = place.insideMetadata ? { ...below(where), noDefaults: reason } : below(where)
    if (values !== undefined) check(values, at)
  }
  checkProperties(schema, place, check)
  if (not !== undefined) check(not, below(path.child('not')))
  for (const [name, parts] of Object.entries({ allOf, oneOf, anyOf }))
    parts.forEach((part, index) => {
      check(part, below(path.child(name).index(index)))
    })
  for (const [name, part] of Object.entries(schema.definitions ?? {}))
    check(part, below(path.child('definitions').key(name)))
  const { items = [] } = schema
  if (isList(items))
    items.forEach((item, index) => {
      check(item, below(path.child('items').index(index)))
    })
  else check(items, below(path.child('items')))
  for (const [name, part] of Object.entries(schema.dependencies ?? {}))
    if (!isList(part)) check(part, below(path.child('dependencies').key(name)))
  checkExtensions(schema, path, errors)
  checkListType(schema, path, options, errors)
  checkRuleTexts(schema, path, errors)
}

/** Upstream's checks of a definition's schema beside its being structural; rules are compiled elsewhere. */
export function checkSchema(
  schema: JsonSchema,
  path: FieldPath,
  options: SchemaCheckOptions,
): readonly FieldError[] {
  const errors: FieldError[] = []
  checkPart(schema, { path, isRoot: true, insideMetadata: false, noDefaults: undefined }, options, errors)
  return errors
}

export const hasInvalidType = ({ type = '' }: JsonSchema): boolean => type !== '' && !types.includes(type)
