import type { JsonValue } from '../meta.ts'
import { isObject, type JsonSchema } from './json-schema.ts'

export type OpenApiDialect = 'v2' | 'v3'
type Members = Record<string, JsonValue>

export interface OpenApiContext {
  readonly dialect: OpenApiDialect
  /** The `metadata` of an object, as a schema object. */
  readonly metadata: () => Members
  readonly apiVersionText: string
  readonly kindText: string
}

const combinations: readonly string[] = ['allOf', 'anyOf', 'oneOf', 'not']
const nested: readonly string[] = [...combinations, 'properties', 'items', 'additionalProperties', 'required']

/** `x-kubernetes-int-or-string` in words that every reader of OpenAPI knows. */
function unfolded(json: JsonSchema): JsonSchema {
  if (json['x-kubernetes-int-or-string'] !== true) return json
  const both: readonly JsonSchema[] = [{ type: 'integer' }, { type: 'string' }]
  const isBoth = (list: readonly JsonSchema[] | undefined): boolean =>
    JSON.stringify(list) === JSON.stringify(both)
  if (isBoth(json.anyOf) || isBoth(json.allOf?.[0]?.anyOf)) return json
  if (json.anyOf === undefined) return { ...json, anyOf: both }
  return { ...json, allOf: [{ anyOf: both }, ...(json.allOf ?? [])] }
}

/** What version 2 cannot say, and what its readers break on, is left out. */
function forVersion2(json: JsonSchema): JsonSchema {
  const { allOf: _all, anyOf: _any, oneOf: _one, not: _not, nullable, ...rest } = json
  const { type, items, properties, ...untyped } = rest
  const preserves = rest['x-kubernetes-preserve-unknown-fields'] === true
  const open = nullable === true || preserves
  const isTypeless =
    nullable === true ||
    (type === 'array' && (open || items === undefined)) ||
    (preserves && type === 'object')
  const kept: JsonSchema = {
    ...untyped,
    ...(isTypeless || type === undefined ? {} : { type }),
    ...(open || items === undefined ? {} : { items }),
    ...(open || properties === undefined ? {} : { properties }),
  }
  const { additionalProperties: values } = json
  if (typeof values === 'object' && values.nullable === true) {
    const { required: _required, ...free } = kept
    return free
  }
  const required = kept.required?.filter((field) => properties?.[field]?.nullable !== true)
  return required === undefined ? kept : { ...kept, required }
}

/** A custom resource's schema as OpenAPI documents show it (apiextensions' openapi builder). */
function openApiSchema(json: JsonSchema, context: OpenApiContext): Members {
  const own = unfolded(json)
  const shown = context.dialect === 'v2' ? forVersion2(own) : own
  const members: Members = {}
  for (const [key, value] of Object.entries(shown))
    if (value !== undefined && !nested.includes(key)) members[key] = value as JsonValue
  for (const key of combinations) {
    const value: unknown = Reflect.get(shown, key)
    if (Array.isArray(value)) members[key] = value.map((part) => openApiSchema(part, context))
    else if (isObject(value)) members[key] = openApiSchema(value, context)
  }
  const { items, additionalProperties, properties, required } = shown
  if (items !== undefined && !Array.isArray(items))
    members.items = openApiSchema(items as JsonSchema, context)
  if (additionalProperties !== undefined)
    members.additionalProperties =
      typeof additionalProperties === 'boolean'
        ? additionalProperties
        : openApiSchema(additionalProperties, context)
  const fields: Members = {}
  for (const [name, property] of Object.entries(properties ?? {}))
    fields[name] = openApiSchema(property, context)
  const isEmbedded = shown['x-kubernetes-embedded-resource'] === true
  const preservesInV2 = context.dialect === 'v2' && shown['x-kubernetes-preserve-unknown-fields'] === true
  const embeds = isEmbedded && !preservesInV2
  if (embeds) Object.assign(fields, objectFields(context))
  const needed = embeds ? [...new Set([...(required ?? []), 'kind', 'apiVersion'])] : (required ?? [])
  if (Object.keys(fields).length > 0) members.properties = fields
  if (needed.length > 0) members.required = [...needed]
  return members
}

function objectFields({ metadata, apiVersionText, kindText }: OpenApiContext): Members {
  return {
    apiVersion: { description: apiVersionText, type: 'string' },
    kind: { description: kindText, type: 'string' },
    metadata: metadata(),
  }
}

/** The definition of a kind: its schema, with what every object has. Undefined as schema: nothing is known. */
export function openApiDefinition(json: JsonSchema | undefined, context: OpenApiContext): Members {
  const isOpen = json === undefined || json['x-kubernetes-preserve-unknown-fields'] === true
  if (json === undefined || (isOpen && context.dialect === 'v2')) return { type: 'object' }
  const { properties = {}, ...members } = openApiSchema(json, context)
  return { ...members, properties: { ...(isObject(properties) ? properties : {}), ...objectFields(context) } }
}
