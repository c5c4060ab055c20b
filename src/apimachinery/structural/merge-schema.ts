import type { Schema } from '../schema.ts'
import type { StructuralSchema } from './structural-schema.ts'

const listTypes = { atomic: 'atomic', set: 'set', map: 'map' } as const
const mapTypes = { atomic: 'atomic', granular: 'granular' } as const
const isKey = <T extends object>(table: T, key: string): key is Extract<keyof T, string> =>
  Object.hasOwn(table, key)

const scalars = ['string', 'integer', 'number', 'boolean', 'object', 'array'] as const

function typeOf(schema: StructuralSchema): Schema['type'] {
  return scalars.find((type) => type === schema.json.type)
}

/** A structural schema as structured merge and apply read it. `metadata` is the schema of ObjectMeta. */
export function mergeSchemaOf(schema: StructuralSchema, metadata: Schema): Schema {
  const { json, listType } = schema
  const mapType = json['x-kubernetes-map-type'] ?? ''
  const { items, additional } = schema
  const properties = [...schema.properties].map(
    ([name, property]) => [name, mergeSchemaOf(property, metadata)] as const,
  )
  const meta: readonly (readonly [string, Schema])[] = schema.embedded
    ? [
        ['apiVersion', { type: 'string' }],
        ['kind', { type: 'string' }],
        ['metadata', metadata],
      ]
    : []
  const all = [...properties, ...meta]
  return {
    type: typeOf(schema),
    ...(all.length === 0 ? {} : { properties: Object.fromEntries(all) }),
    ...(items === undefined ? {} : { items: mergeSchemaOf(items, metadata) }),
    ...(additional === undefined
      ? {}
      : {
          additionalProperties:
            additional.schema === undefined ? true : mergeSchemaOf(additional.schema, metadata),
        }),
    ...(json['x-kubernetes-int-or-string'] === true ? { intOrString: true } : {}),
    ...(schema.preserves ? { preserveUnknownFields: true } : {}),
    ...(isKey(listTypes, listType) ? { listType: listTypes[listType] } : {}),
    ...(schema.listMapKeys.length === 0 ? {} : { listMapKeys: schema.listMapKeys }),
    ...(isKey(mapTypes, mapType) ? { mapType: mapTypes[mapType] } : {}),
    ...(schema.hasDefault ? { default: json.default } : {}),
  }
}
