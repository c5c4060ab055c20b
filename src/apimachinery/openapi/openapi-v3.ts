import type { JsonValue } from '../meta.ts'
import type { Schemas } from '../schema.ts'
import type { FieldDocs } from './field-docs.ts'
import { bearerToken, securityName } from './media-types.ts'
import { customTypesOf } from './openapi-resource.ts'
import { descriptions } from './openapi-v2.ts'
import type { Operation, PathEntry } from './operation.ts'
import { type QueryName, queryParameters } from './query-parameters.ts'
import { runSteps } from './run-steps.ts'
import { type JsonMembers, SchemaObjects } from './schema-object.ts'
import type { OpenApiUnit } from './units.ts'

/** An OpenAPI 3.0 document of one group and version. */
export interface OpenApiV3 {
  readonly openapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, JsonMembers>>
  readonly components: {
    readonly schemas?: Readonly<Record<string, JsonMembers>>
    readonly securitySchemes: Readonly<Record<string, JsonMembers>>
  }
}

class V3Writer {
  readonly #objects: SchemaObjects

  constructor(objects: SchemaObjects) {
    this.#objects = objects
  }

  path({ operations, tag, parameters, query }: PathEntry): JsonMembers {
    const members: JsonMembers = {}
    for (const operation of operations) members[operation.method] = this.#operation(operation, tag)
    const inPath = parameters.map(({ name, description }) => {
      const schema = { type: 'string', uniqueItems: true }
      return { description, in: 'path', name, required: true, schema }
    })
    const all = [...inPath, ...query.map(queryParameter)].sort((a, b) =>
      a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
    )
    if (all.length > 0) members.parameters = all
    return members
  }

  #operation(operation: Operation, tag: string): JsonMembers {
    const { body, kind, action, consumes } = operation
    return {
      description: operation.description,
      tags: [tag],
      operationId: operation.operationId,
      ...(operation.query.length === 0 ? {} : { parameters: operation.query.map(queryParameter) }),
      ...(body === undefined
        ? {}
        : {
            requestBody: {
              content: this.#content(consumes, body.type),
              ...(body.required ? { required: true } : {}),
            },
          }),
      responses: this.#responses(operation),
      ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
      ...(kind === undefined ? {} : { 'x-kubernetes-group-version-kind': { ...kind } }),
    }
  }

  #content(types: readonly string[], type: string): JsonMembers {
    const schema = type === '' ? { type: 'string' } : this.#objects.reference(type)
    return Object.fromEntries(types.map((mediaType) => [mediaType, { schema }]))
  }

  #responses({ answers, produces }: Operation): JsonMembers {
    const responses: JsonMembers = {}
    for (const [code, type] of Object.entries(answers)) {
      responses[code] = { description: descriptions[code] ?? '', content: this.#content(produces, type) }
    }
    responses['401'] = { description: 'Unauthorized' }
    return responses
  }
}

function queryParameter(name: QueryName): { readonly name: QueryName; readonly [key: string]: JsonValue } {
  const { type, description } = queryParameters[name]
  return { description, in: 'query', name, schema: { type, uniqueItems: true } }
}

/** What a document is made of. */
export interface OpenApiInput {
  readonly units: readonly OpenApiUnit[]
  readonly schemas: Schemas
  readonly docs: FieldDocs
  /** `1.36`. */
  readonly version: string
}

/** The document of one group and version, in small steps: `units` are its own. Pure; the caller keeps what it encodes. */
export function* openApiV3Steps({ units, schemas, docs, version }: OpenApiInput): Generator<void, OpenApiV3> {
  const resources = units.flatMap(({ resource }) => resource ?? [])
  const input = { schemas, docs, custom: customTypesOf(resources) }
  const objects = new SchemaObjects('v3', input, (kind) => {
    return (
      kind.group === '' ||
      resources.some(({ group, version }) => kind.group === group && kind.version === version)
    )
  })
  const writer = new V3Writer(objects)
  const paths = new Map<string, JsonMembers>()
  for (const unit of units) {
    for (const entry of unit.entries()) paths.set(entry.path, writer.path(entry))
    yield
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      ...(objects.referred.size === 0 ? {} : { schemas: yield* objects.definitions() }),
      securitySchemes: { [securityName]: { ...bearerToken } },
    },
  }
}

/** `openApiV3Steps` at one go. */
export const buildOpenApiV3 = (input: OpenApiInput): OpenApiV3 => runSteps(openApiV3Steps(input))

/** `/openapi/v3`: where each document is, with its hash, so that clients and proxies may keep it for ever. */
export function openApiV3Index(
  documents: ReadonlyMap<string, string>,
  elsewhere: ReadonlyMap<string, string> = new Map(),
): JsonMembers {
  const own = [...documents].map(([path, hash]) => [path, `/openapi/v3/${path}?hash=${hash}`] as const)
  const paths = [...new Map([...own, ...elsewhere])]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, serverRelativeURL]) => [path, { serverRelativeURL }] as const)
  return { paths: Object.fromEntries(paths) }
}
