import type { JsonValue } from '../meta.ts'
import {
  bearerToken,
  customObjectTypes,
  customPatchTypes,
  objectTypes,
  patchTypes,
  securityName,
  watchTypes,
} from './media-types.ts'
import { customTypesOf, type OpenApiResource, servedAt } from './openapi-resource.ts'
import { descriptions, type OpenApiInput } from './openapi-v2.ts'
import { type Operation, type PathEntry, pathsOf } from './operations.ts'
import { queryParameters } from './query-parameters.ts'
import { runSteps } from './run-steps.ts'
import { type JsonMembers, SchemaObjects } from './schema-object.ts'

/** An OpenAPI 3.0 document of one group and version. */
export interface OpenApiV3 {
  readonly openapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, JsonMembers>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonMembers>>
    readonly securitySchemes: Readonly<Record<string, JsonMembers>>
  }
}

class V3Writer {
  readonly #objects: SchemaObjects

  constructor(objects: SchemaObjects) {
    this.#objects = objects
  }

  path(entry: PathEntry): JsonMembers {
    const members: JsonMembers = {}
    for (const operation of entry.operations)
      members[operation.method] = this.#operation(operation, entry.tag)
    members.parameters = [
      ...entry.parameters.map(({ name, description }) => {
        return {
          description,
          in: 'path',
          name,
          required: true,
          schema: { type: 'string', uniqueItems: true },
        }
      }),
      queryParameter('pretty'),
    ]
    return members
  }

  #operation(operation: Operation, tag: string): JsonMembers {
    const { body, kind, action } = operation
    const isPatch = operation.method === 'patch' && action === 'patch'
    return {
      description: operation.description,
      tags: [tag],
      operationId: operation.operationId,
      ...(operation.query.length === 0 ? {} : { parameters: operation.query.map(queryParameter) }),
      ...(body === undefined
        ? {}
        : {
            requestBody: {
              content: this.#content(consumed(operation, isPatch), body.type),
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

  #responses({ answers, watchable, custom }: Operation): JsonMembers {
    const own = custom === true ? customObjectTypes : objectTypes
    const types = watchable && custom !== true ? [...own, ...watchTypes] : own
    const responses: JsonMembers = {}
    for (const [code, type] of Object.entries(answers)) {
      responses[code] = { description: descriptions[code] ?? '', content: this.#content(types, type) }
    }
    responses['401'] = { description: 'Unauthorized' }
    return responses
  }
}

function consumed({ custom }: Operation, isPatch: boolean): readonly string[] {
  if (custom === true) return isPatch ? customPatchTypes : customObjectTypes
  return isPatch ? patchTypes : ['*/*']
}

function queryParameter(name: keyof typeof queryParameters): JsonMembers {
  const { type, description } = queryParameters[name]
  const parameter: Record<string, JsonValue> = {
    description,
    in: 'query',
    name,
    schema: { type, uniqueItems: true },
  }
  return parameter
}

/** The document of one group and version, in small steps: `resources` are its own. Pure; the caller keeps what it encodes. */
export function* openApiV3Steps({
  resources,
  schemas,
  docs,
  version,
}: OpenApiInput): Generator<void, OpenApiV3> {
  const input = { schemas, docs, custom: customTypesOf(resources) }
  const objects = new SchemaObjects('v3', input, (kind) => {
    return (
      kind.group === '' ||
      resources.some(({ group, version }) => kind.group === group && kind.version === version)
    )
  })
  const writer = new V3Writer(objects)
  const paths = new Map<string, JsonMembers>()
  for (const resource of resources) {
    for (const entry of pathsOf(resource, schemas)) paths.set(entry.path, writer.path(entry))
    yield
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: yield* objects.definitions(),
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

/** Resources by where their document is: `apis/apps/v1`, `api/v1`. */
export function byDocument(
  resources: readonly OpenApiResource[],
): ReadonlyMap<string, readonly OpenApiResource[]> {
  return Map.groupBy(resources, servedAt)
}
