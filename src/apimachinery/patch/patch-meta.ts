import type { Schema } from '../schema.ts'
import { PatchError } from './patch-error.ts'

/** How a field takes part in a strategic merge. */
export interface PatchMeta {
  /** Of the field's value, or of its items. */
  readonly schema: Schema
  readonly merge: boolean
  readonly replace: boolean
  /** What tells items of a list of maps apart; '' for none. */
  readonly key: string
}

const anything: Schema = { preserveUnknownFields: true }

/** Throws PatchError where upstream's Go type has no such field. */
export function fieldMeta(parent: Schema, key: string): PatchMeta {
  const { properties } = parent
  const own = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined
  if (own === undefined && properties !== undefined && parent.preserveUnknownFields !== true) {
    const struct = parent.name?.slice(parent.name.lastIndexOf('.') + 1) ?? ''
    throw new PatchError(
      'internal',
      `unable to find api field in struct ${struct} for the json field ${JSON.stringify(key)}`,
    )
  }
  const values = typeof parent.additionalProperties === 'object' ? parent.additionalProperties : anything
  const schema = own ?? values
  const strategies = schema.patchStrategy?.split(',') ?? []
  return {
    schema,
    merge: strategies.includes('merge'),
    replace: strategies.includes('replace'),
    key: schema.patchMergeKey ?? '',
  }
}

/** As `fieldMeta` for a list, with the schema of its items. */
export function itemsMeta(parent: Schema, key: string): PatchMeta {
  const meta = fieldMeta(parent, key)
  return { ...meta, schema: meta.schema.items ?? anything }
}
