import { DecodeError } from '../codec/decode-error.ts'
import type { FieldError } from '../field-error.ts'
import { invalidValue, required } from '../field-errors.ts'
import { FieldPath } from '../field-path.ts'
import type { ObjectMeta } from '../meta.ts'
import { isDns1035Label } from '../names.ts'
import { validateObjectMeta } from '../object-meta-validation.ts'
import { isList, isObject, type JsonObject } from './json-schema.ts'
import { changedItems } from './prune.ts'
import type { StructuralSchema } from './structural-schema.ts'

/** Makes `metadata` what its Go type makes of it; throws DecodeError. `unknown` are paths below it. */
export type ConformMetadata = (
  value: unknown,
  strict: boolean,
) => { readonly value: unknown; readonly unknown: readonly string[] }

export interface CoerceOptions {
  readonly conformMetadata: ConformMetadata
  readonly strict: boolean
  /** What was stored long ago may be wrong: that goes, instead of failing. */
  readonly dropsInvalid: boolean
  readonly onUnknown: (path: string) => void
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

function coerceMetadata(value: unknown, path: string, options: CoerceOptions): unknown {
  try {
    const conformed = options.conformMetadata(value, options.strict)
    for (const name of conformed.unknown) options.onUnknown(below(path, `metadata.${name}`))
    if (!isObject(conformed.value)) return conformed.value
    const { creationTimestamp, ...rest } = conformed.value
    return creationTimestamp === null ? rest : conformed.value
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    if (options.dropsInvalid) return value
    const shown = invalidValue(below(path, 'metadata'), value, error.message)
    throw new DecodeError(`${shown.field}: ${shown.message}`)
  }
}

/** Objects within objects (`x-kubernetes-embedded-resource`): their metadata is checked and normalised. Throws DecodeError. */
export function coerceEmbedded(
  value: unknown,
  schema: StructuralSchema | undefined,
  options: CoerceOptions,
  path = '',
): unknown {
  if (schema === undefined) return value
  if (isList(value))
    return changedItems(value, (item, index) =>
      coerceEmbedded(item, schema.items, options, `${path}[${index}]`),
    )
  if (!isObject(value)) return value
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(value)) {
    const member = value[key]
    const isKind = schema.embedded && (key === 'apiVersion' || key === 'kind')
    if (isKind && typeof member !== 'string') {
      const shown = invalidValue(below(path, key), member, 'must be a string')
      if (!options.dropsInvalid) throw new DecodeError(`${shown.field}: ${shown.message}`)
      copy ??= { ...value }
      delete copy[key]
      continue
    }
    const own = schema.embedded && key === 'metadata' ? coerceMetadata(member, path, options) : member
    const coerced = coerceEmbedded(own, schema.field(key), options, below(path, key))
    if (coerced === member) continue
    copy ??= { ...value }
    copy[key] = coerced
  }
  return copy ?? value
}

function validateKind(value: JsonObject, path: string, errors: FieldError[]): void {
  const { apiVersion, kind } = value
  const at = (key: string): string => below(path, key)
  if (apiVersion === undefined) errors.push(required(at('apiVersion')))
  if (kind === undefined) errors.push(required(at('kind')))
  if (apiVersion !== undefined) {
    if (typeof apiVersion !== 'string')
      errors.push(invalidValue(at('apiVersion'), apiVersion, 'must be a string'))
    else if (apiVersion === '') errors.push(invalidValue(at('apiVersion'), '', 'must not be empty'))
    else if (apiVersion.split('/').length > 2)
      errors.push(invalidValue(at('apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  }
  if (kind === undefined) return
  if (typeof kind !== 'string') errors.push(invalidValue(at('kind'), kind, 'must be a string'))
  else if (kind === '') errors.push(invalidValue(at('kind'), '', 'must not be empty'))
  else {
    const complaints = isDns1035Label(kind.toLowerCase())
    const detail = `may have mixed case, but should otherwise match: ${complaints.join(',')}`
    if (complaints.length > 0) errors.push(invalidValue(at('kind'), kind, detail))
  }
}

function validateMetadata(
  value: unknown,
  path: string,
  conformMetadata: ConformMetadata,
  errors: FieldError[],
): void {
  const where = below(path, 'metadata')
  try {
    const { value: conformed } = conformMetadata(value, false)
    const metadata: ObjectMeta = isObject(conformed) ? conformed : {}
    const named = (metadata.name ?? '') === '' ? { ...metadata, name: 'fakename' } : metadata
    const rules = {
      namespaced: (named.namespace ?? '') !== '',
      nameRule: 'path-segment',
      looseFinalizers: true,
    } as const
    for (const error of validateObjectMeta(named, rules, FieldPath.root(where))) errors.push(error)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    errors.push(invalidValue(where, value, error.message))
  }
}

/** That objects within objects say what they are and have valid metadata. */
export function validateEmbedded(
  value: unknown,
  schema: StructuralSchema | undefined,
  conformMetadata: ConformMetadata,
  errors: FieldError[],
  path = '',
): void {
  if (schema === undefined) return
  if (isList(value)) {
    value.forEach((item, index) => {
      validateEmbedded(item, schema.items, conformMetadata, errors, `${path}[${index}]`)
    })
    return
  }
  if (!isObject(value)) return
  if (schema.embedded) {
    validateKind(value, path, errors)
    if (value.metadata !== undefined) validateMetadata(value.metadata, path, conformMetadata, errors)
  }
  for (const key of Object.keys(value)) {
    const declared = schema.properties.get(key)
    if (declared !== undefined)
      validateEmbedded(value[key], declared, conformMetadata, errors, below(path, key))
    else if (schema.additional !== undefined)
      validateEmbedded(value[key], schema.additional.schema, conformMetadata, errors, `${path}[${key}]`)
  }
}
