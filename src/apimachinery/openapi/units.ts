import type { Schemas } from '../schema.ts'
import { discoveryPaths } from './discovery-paths.ts'
import { mediaTypesFor } from './media-types.ts'
import { type OpenApiResource, servedAt } from './openapi-resource.ts'
import type { PathEntry } from './operation.ts'
import { pathsOf } from './operations.ts'

/** What comes into documents and goes from them as one: a resource, or a page of discovery. */
export interface OpenApiUnit {
  /** Units of one key are described alike. */
  readonly key: string
  /** Of OpenAPI 3, that it belongs to: `apis/apps/v1`. */
  readonly document: string
  readonly entries: () => readonly PathEntry[]
  readonly resource?: OpenApiResource
}

export interface UnitOptions {
  readonly schemas: Schemas
  /** Whether the server speaks CBOR. */
  readonly cbor: boolean
}

export function unitsOf(
  resources: readonly OpenApiResource[],
  { schemas, cbor }: UnitOptions,
): readonly OpenApiUnit[] {
  const builtIn = mediaTypesFor(false, cbor)
  const custom = mediaTypesFor(true, cbor)
  return [
    ...discoveryPaths(resources, builtIn).map(([document, entry]) => {
      return { key: entry.path, document, entries: () => [entry] }
    }),
    ...resources.map((resource) => {
      const types = resource.custom === undefined ? builtIn : custom
      const entries = () => pathsOf(resource, schemas, types)
      return { key: JSON.stringify(resource), document: servedAt(resource), entries, resource }
    }),
  ]
}

/** Units by where their document is: `apis/apps/v1`, `api/v1`. */
export const byDocument = (units: readonly OpenApiUnit[]): ReadonlyMap<string, readonly OpenApiUnit[]> =>
  Map.groupBy(units, ({ document }) => document)
