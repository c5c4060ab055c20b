/**
 * What CEL reads of a schema: OpenAPI v3 as a CustomResourceDefinition writes it. `getValueSchema`-like adapters are
 * not needed for them; other schemas are given in this form.
 */
export interface ValueSchema {
  readonly type?: string | undefined
  readonly format?: string | undefined
  readonly nullable?: boolean | undefined
  readonly properties?: Readonly<Record<string, ValueSchema>> | undefined
  readonly required?: readonly string[] | undefined
  readonly items?: ValueSchema | undefined
  readonly additionalProperties?: ValueSchema | boolean | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly default?: unknown
  readonly maxLength?: number | undefined
  readonly maxItems?: number | undefined
  readonly maxProperties?: number | undefined
  readonly 'x-kubernetes-int-or-string'?: boolean | undefined
  readonly 'x-kubernetes-embedded-resource'?: boolean | undefined
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean | undefined
  readonly 'x-kubernetes-list-type'?: string | undefined
  readonly 'x-kubernetes-list-map-keys'?: readonly string[] | undefined
}

const string: ValueSchema = { type: 'string' }

/** With what every object of the API has: `apiVersion`, `kind`, and `metadata` with its name. */
export function withTypeAndObjectMeta(schema: ValueSchema): ValueSchema {
  const properties = schema.properties
  const metadata = properties?.metadata
  if (
    properties?.kind?.type === 'string' &&
    properties.apiVersion?.type === 'string' &&
    metadata?.type === 'object' &&
    metadata.properties?.name?.type === 'string' &&
    metadata.properties.generateName?.type === 'string'
  ) {
    return schema
  }
  return {
    ...schema,
    properties: {
      ...properties,
      kind: string,
      apiVersion: string,
      metadata: { type: 'object', properties: { name: string, generateName: string } },
    },
  }
}

export const additionalSchema = (schema: ValueSchema): ValueSchema | undefined =>
  typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined

export const isEmbeddedResource = (schema: ValueSchema): boolean =>
  schema['x-kubernetes-embedded-resource'] === true
