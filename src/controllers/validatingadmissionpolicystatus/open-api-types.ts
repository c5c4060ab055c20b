import { builtInSchemas } from '../../api/schemas.ts'
import {
  type DeclType,
  declTypeFromSchema,
  nameDeclType,
  type ValueSchema,
  valueSchemaOf,
} from '../../apimachinery/cel/index.ts'
import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Transport } from '../../apimachinery/transport.ts'

/** A schema of a custom resource in OpenAPI v3: as its definition has it, but for references to built-in types. */
interface OpenApiSchema extends Omit<ValueSchema, 'properties' | 'items' | 'additionalProperties'> {
  readonly $ref?: string
  readonly allOf?: readonly OpenApiSchema[]
  readonly properties?: Readonly<Record<string, OpenApiSchema>>
  readonly items?: OpenApiSchema
  readonly additionalProperties?: OpenApiSchema | boolean
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[]
}

interface OpenApi {
  readonly components?: { readonly schemas?: Readonly<Record<string, OpenApiSchema>> }
}

const references = '#/components/schemas/'

function resolved(schema: OpenApiSchema): ValueSchema {
  const { $ref, allOf, properties, items, additionalProperties, ...own } = schema
  if ($ref !== undefined) {
    const known = builtInSchemas.get($ref.slice(references.length))
    return known === undefined ? {} : valueSchemaOf(known)
  }
  const [only] = allOf ?? []
  if (only !== undefined && own.type === undefined) return resolved(only)
  return {
    ...own,
    ...(items === undefined ? {} : { items: resolved(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, resolved(property)]),
          ),
        }),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'boolean' ? additionalProperties : resolved(additionalProperties),
        }),
  }
}

const isKind = (a: GroupVersionKind, b: GroupVersionKind): boolean =>
  a.group === b.group && a.version === b.version && a.kind === b.kind

async function customSchema(kind: GroupVersionKind, transport: Transport): Promise<ValueSchema | undefined> {
  const path = `/openapi/v3/apis/${kind.group}/${kind.version}`
  try {
    const { body } = await transport.request({ method: 'GET', path })
    const { schemas = {} } = (body as OpenApi).components ?? {}
    const found = Object.values(schemas).find((schema) =>
      schema['x-kubernetes-group-version-kind']?.some((each) => isKind(each, kind)),
    )
    return found === undefined ? undefined : resolved(found)
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

/** The type of a kind's objects; undefined where there is nothing to know about it. Rejects when the server does not answer. */
export async function typeOf(kind: GroupVersionKind, transport: Transport): Promise<DeclType | undefined> {
  const known = builtInSchemas.ofKind(kind)
  const schema = known === undefined ? await customSchema(kind, transport) : valueSchemaOf(known)
  const type = schema === undefined ? undefined : declTypeFromSchema(schema, true)
  return type === undefined ? undefined : nameDeclType(type, kind.kind)
}
