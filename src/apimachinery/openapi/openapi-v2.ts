import type { JsonValue } from '../meta.ts'
import { bearerToken, securityName } from './media-types.ts'
import type { Operation, PathEntry } from './operation.ts'
import { type QueryName, queryNames, queryParameters } from './query-parameters.ts'
import type { JsonMembers, SchemaObjects } from './schema-object.ts'

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

interface Parameter {
  readonly name: string
  readonly members: JsonMembers
}

const byName = (a: Parameter, b: Parameter): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

const asked = (name: QueryName): Parameter => ({
  name,
  members: written.includes(name) ? inQuery(name) : { $ref: `#/parameters/${name}` },
})

/** Words paths; the types that they refer to are the objects'. */
export class V2Writer {
  readonly #objects: SchemaObjects

  constructor(objects: SchemaObjects) {
    this.#objects = objects
  }

  path({ operations, tag, parameters, query }: PathEntry): JsonMembers {
    const members: JsonMembers = {}
    for (const operation of operations) members[operation.method] = this.#operation(operation, tag)
    const inPath = parameters.map(({ name, description }): Parameter => {
      const type = { type: 'string', uniqueItems: true }
      return { name, members: { description, in: 'path', name, required: true, ...type } }
    })
    const all = [...inPath, ...query.map(asked)].sort(byName)
    if (all.length > 0) members.parameters = all.map((parameter) => parameter.members)
    return members
  }

  #operation(operation: Operation, tag: string): JsonMembers {
    const { body, kind, action, consumes, produces } = operation
    const parameters: JsonValue[] = operation.query.map((name) => asked(name).members)
    if (body !== undefined) {
      const schema = this.#objects.reference(body.type)
      parameters.unshift({ in: 'body', name: 'body', ...(body.required ? { required: true } : {}), schema })
    }
    return {
      description: operation.description,
      ...(consumes.length === 0 ? {} : { consumes: [...consumes] }),
      produces: [...produces],
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

/** What a status code means. */
export const descriptions: Readonly<Record<string, string>> = {
  '200': 'OK',
  '201': 'Created',
  '202': 'Accepted',
}

/** The document without its paths and types. */
export const openApiV2Frame = (version: string): OpenApiV2 => ({
  swagger: '2.0',
  info: { title: 'Kubernetes', version },
  paths: {},
  definitions: {},
  parameters: sharedParameters(),
  securityDefinitions: { [securityName]: { ...bearerToken } },
  security: [{ [securityName]: [] }],
})
