import { type DeclType, declTypeFromSchema, type ValueSchema } from '../../cel/index.ts'
import type { JsonSchema } from '../json-schema.ts'

/** Of structural schemas all items have one schema. */
const isStructural = (schema: JsonSchema): schema is JsonSchema & ValueSchema => !Array.isArray(schema.items)

/** A schema as expressions read it. */
export const valueSchemaOf = (schema: JsonSchema): ValueSchema => (isStructural(schema) ? schema : {})

/** The type of its values; undefined where expressions cannot reach them. */
export const declTypeOf = (schema: JsonSchema, isRoot: boolean): DeclType | undefined =>
  declTypeFromSchema(valueSchemaOf(schema), isRoot)
