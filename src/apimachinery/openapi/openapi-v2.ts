import type { JsonValue } from '../meta.ts'
import type { Schemas } from '../schema.ts'
import type { FieldDocs } from './field-docs.ts'
import {
  bearerToken,
  customObjectTypes,
  customPatchTypes,
  objectTypes,
  patchTypes,
  securityName,
  watchTypes,
} from './media-types.ts'
import { customTypesOf, type OpenApiResource } from './openapi-resource.ts'
import { type Operation, type PathEntry, pathsOf } from './operations.ts'
import { type QueryName, queryNames, queryParameters } from './query-parameters.ts'
import { runSteps } from './run-steps.ts'
import { type JsonMembers, SchemaObjects } from './schema-object.ts'

/** A Swagger 2.0 document. */
export interface OpenApiV2 {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, JsonMembers>>
  readonly definitions: Readonly<Record<string, JsonMembers>>
  readonly parameters: Readonly<Record<string, JsonMembers>>
  readonly securityDefinitions: Readonly<Record<string, JsonMembers>>
  readonly security: readonly JsonMembers[]
}

function inQuery(name: QueryName): JsonMembers {
  const { type, description } = queryParameters[name]
  return { description, in: 'query', name, type, uniqueItems: true }
}

/** kubectl before 1.27 looks for these in every operation, and follows no reference. */
const written: readonly QueryName[] = ['dryRun', 'fieldValidation']

const sharedParameters = (): Record<string, JsonMembers> =>
  Object.fromEntries(
    queryNames.filter((name) => !written.includes(name)).map((name) => [name, inQuery(name)]),
  )

class V2Writer {
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
        return { description, in: 'path', name, required: true, type: 'string', uniqueItems: true }
      }),
      { $ref: '#/parameters/pretty' },
    ]
    return members
  }

  #operation(operation: Operation, tag: string): JsonMembers {
    const { body, kind, action } = operation
    const isPatch = operation.method === 'patch' && action === 'patch'
    const parameters: JsonValue[] = operation.query.map((name) =>
      written.includes(name) ? inQuery(name) : { $ref: `#/parameters/${name}` },
    )
    if (body !== undefined) {
      const schema = this.#objects.reference(body.type)
      parameters.unshift({ in: 'body', name: 'body', ...(body.required ? { required: true } : {}), schema })
    }
    return {
      description: operation.description,
      consumes: consumed(operation, isPatch),
      produces: produced(operation),
      schemes: ['https'],
      tags: [tag],
      operationId: operation.operationId,
      ...(parameters.length === 0 ? {} : { parameters }),
      responses: this.#responses(operation),
      ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
      ...(kind === undefined ? {} : { 'x-kubernetes-group-version-kind': { ...kind } }),
    }
  }

  #responses({ answers }: Operation): JsonMembers {
    const responses: JsonMembers = {}
    for (const [code, type] of Object.entries(answers)) {
      const schema = type === '' ? { type: 'string' } : this.#objects.reference(type)
      responses[code] = { description: descriptions[code] ?? '', schema }
    }
    responses['401'] = { description: 'Unauthorized' }
    return responses
  }
}

function consumed({ custom }: Operation, isPatch: boolean): string[] {
  if (custom === true) return isPatch ? [...customPatchTypes] : [...customObjectTypes]
  return isPatch ? [...patchTypes] : ['*/*']
}

function produced({ custom, watchable }: Operation): string[] {
  if (custom === true) return [...customObjectTypes]
  return watchable ? [...objectTypes, ...watchTypes] : [...objectTypes]
}

/** What a status code means. */
export const descriptions: Readonly<Record<string, string>> = {
  '200': 'OK',
  '201': 'Created',
  '202': 'Accepted',
}

/** What both versions are made of. */
export interface OpenApiInput {
  readonly resources: readonly OpenApiResource[]
  readonly schemas: Schemas
  readonly docs: FieldDocs
  /** `v1.36.0`. */
  readonly version: string
}

/**
 * The `/openapi/v2` document of all resources, in small steps: it takes tens of milliseconds, longer than the
 * server may be busy at a stretch. Pure, and big: the caller keeps what it encodes.
 */
export function* openApiV2Steps({
  resources,
  schemas,
  docs,
  version,
}: OpenApiInput): Generator<void, OpenApiV2> {
  const objects = new SchemaObjects('v2', { schemas, docs, custom: customTypesOf(resources) })
  const writer = new V2Writer(objects)
  const paths = new Map<string, JsonMembers>()
  for (const resource of resources) {
    for (const entry of pathsOf(resource, schemas)) paths.set(entry.path, writer.path(entry))
    yield
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1))),
    definitions: yield* objects.definitions(),
    parameters: sharedParameters(),
    securityDefinitions: { [securityName]: { ...bearerToken } },
    security: [{ [securityName]: [] }],
  }
}

/** `openApiV2Steps` at one go. */
export const buildOpenApiV2 = (input: OpenApiInput): OpenApiV2 => runSteps(openApiV2Steps(input))
