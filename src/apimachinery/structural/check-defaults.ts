import { DecodeError } from '../codec/decode-error.ts'
import type { FieldError } from '../field-error.ts'
import { invalidValue } from '../field-errors.ts'
import type { FieldPath } from '../field-path.ts'
import { type ConformMetadata, coerceEmbedded, validateEmbedded } from './embedded-objects.ts'
import type { JsonSchema } from './json-schema.ts'
import { pruneUnknown } from './prune.ts'
import { StructuralSchema } from './structural-schema.ts'
import { validateValue } from './validate-value.ts'

export interface DefaultChecks {
  readonly conformMetadata: ConformMetadata
  /** Defaults name no unknown fields. */
  readonly requirePruned: boolean
  /** Rules that hold for the default itself: what upstream's CEL says of it. */
  readonly validateRules: (schema: StructuralSchema, value: unknown, path: string) => readonly FieldError[]
}

interface Place {
  readonly path: FieldPath
  /** The innermost object that metadata belongs to. */
  readonly root: StructuralSchema
  /** Puts a value where the schema is, in an object of `root`. */
  readonly surround: (value: unknown) => unknown
  readonly insideMetadata: boolean
}

const noUnknown = (): void => {}

function checkMetadataDefault(
  schema: StructuralSchema,
  place: Place,
  checks: DefaultChecks,
  errors: FieldError[],
): void {
  const value = schema.json.default
  const where = place.path.child('default')
  const object = place.surround(value)
  const refuse = (why: string): void => {
    errors.push(invalidValue(where, value, `must result in valid metadata: ${why}`))
  }
  const root = new StructuralSchema(place.root.json, true)
  const { conformMetadata } = checks
  try {
    coerceEmbedded(object, root, {
      conformMetadata,
      strict: false,
      dropsInvalid: false,
      onUnknown: noUnknown,
    })
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    refuse(error.message)
    return
  }
  const found: FieldError[] = []
  validateEmbedded(object, root, conformMetadata, found)
  if (found.length > 0) {
    const texts = found.map(({ field, message }) => `${field}: ${message}`)
    refuse(texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`)
    return
  }
  finish(schema, where, checks, errors)
}

function finish(
  schema: StructuralSchema,
  where: FieldPath,
  checks: DefaultChecks,
  errors: FieldError[],
): void {
  const value = schema.json.default
  const wrong = validateValue(value, schema, String(where))
  if (wrong.length > 0) errors.push(...wrong)
  else errors.push(...checks.validateRules(schema, value, String(where)))
}

function checkDefault(
  schema: StructuralSchema,
  place: Place,
  checks: DefaultChecks,
  errors: FieldError[],
): void {
  const value = schema.json.default
  const where = place.path.child('default')
  if (checks.requirePruned && pruneUnknown(value, schema) !== value)
    errors.push(invalidValue(where, value, 'must not have unknown fields'))
  const { conformMetadata } = checks
  try {
    const options = { conformMetadata, strict: false, dropsInvalid: false, onUnknown: noUnknown }
    coerceEmbedded(value, schema, options, String(where))
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    errors.push(invalidValue(where, value, error.message))
    return
  }
  const found: FieldError[] = []
  validateEmbedded(value, schema, conformMetadata, found, String(where))
  if (found.length > 0) errors.push(...found)
  else finish(schema, where, checks, errors)
}

const typeMeta = { kind: 'Validation', apiVersion: 'validation/v1' }
const asRoot = (value: unknown): unknown => (typeof value === 'object' ? { ...typeMeta, ...value } : value)

function checkPart(
  schema: StructuralSchema,
  given: Place,
  checks: DefaultChecks,
  errors: FieldError[],
): void {
  const place = schema.embedded
    ? { path: given.path, root: schema, surround: asRoot, insideMetadata: false }
    : given
  if (schema.hasDefault) {
    if (place.insideMetadata) checkMetadataDefault(schema, place, checks, errors)
    else checkDefault(schema, place, checks, errors)
  }
  const { items } = schema
  if (items !== undefined) {
    const surround = (value: unknown): unknown => place.surround([value])
    checkPart(items, { ...place, path: place.path.child('items'), surround }, checks, errors)
  }
  for (const [name, property] of schema.properties) {
    const isMeta = schema.embedded && ['metadata', 'apiVersion', 'kind'].includes(name)
    const inner: Place = {
      ...place,
      path: place.path.child('properties').key(name),
      surround: (value) => place.surround({ [name]: value }),
      insideMetadata: place.insideMetadata || isMeta,
    }
    checkPart(property, inner, checks, errors)
  }
}

/** Upstream's ValidateDefaults: that every default fits the schema which it is the default of. */
export function checkDefaults(
  json: JsonSchema,
  path: FieldPath,
  checks: DefaultChecks,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const root = new StructuralSchema(json, true)
  checkPart(root, { path, root, surround: asRoot, insideMetadata: false }, checks, errors)
  return errors
}

/** Whether a schema has defaults with unknown fields, which definitions of old may keep. */
export function hasUnprunedDefaults(json: JsonSchema): boolean {
  const isUnpruned = (schema: StructuralSchema): boolean => {
    const own = schema.json.default
    if (schema.hasDefault && pruneUnknown(own, schema) !== own) return true
    const { items, additional } = schema
    return [items, additional?.schema, ...schema.properties.values()].some(
      (part) => part !== undefined && isUnpruned(part),
    )
  }
  return isUnpruned(new StructuralSchema(json, true))
}
