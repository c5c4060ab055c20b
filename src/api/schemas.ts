import type { Schemas } from '../apimachinery/schema.ts'
import { unpackSchemas } from '../apimachinery/schema-pack.ts'
import { schemaPacks } from './generated/schemas.ts'

/** The schemas of all built-in types; facts, read lazily and never changed. */
export const builtInSchemas: Schemas = unpackSchemas(schemaPacks)
