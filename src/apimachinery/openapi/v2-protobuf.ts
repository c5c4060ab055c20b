import {
  type Choice,
  flag,
  GnosticWriter,
  isReference,
  listOf,
  type Message,
  memberOf,
  of,
  only,
  text,
  texts,
} from './gnostic-writer.ts'
import { runSteps } from './run-steps.ts'
import type { V2Encoding } from './v2-document.ts'

/** The media type that kubectl asks `/openapi/v2` for. */
export const openApiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/** What the answer calls itself: upstream avoids the `@`, which is no token of HTTP. */
export const openApiV2ProtobufAnswer = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

const reference: Message = { fields: () => ({ $ref: text(1), description: text(2) }) }

const schema: Message = {
  vendor: 31,
  fields: () => ({
    $ref: text(1),
    format: text(2),
    title: text(3),
    description: text(4),
    default: of(5, 'any'),
    pattern: text(13),
    uniqueItems: flag(16),
    required: texts(19),
    enum: listOf(20, 'any'),
    additionalProperties: of(21, additionalProperties),
    type: of(22, 'strings'),
    // gnostic allows a list of schemas here; there is only ever one.
    items: of(23, only(schema)),
    allOf: listOf(24, schema),
    properties: of(25, { named: schema, field: 1 }),
  }),
}

const additionalProperties: Choice = {
  oneOf: (value) => (typeof value === 'boolean' ? [2, 'bool'] : [1, schema]),
}

const bodyParameter: Message = {
  fields: () => ({
    description: text(1),
    name: text(2),
    in: text(3),
    required: flag(4),
    schema: of(5, schema),
  }),
}
const queryParameter: Message = {
  fields: () => ({ in: text(2), description: text(3), name: text(4), type: text(6), uniqueItems: flag(20) }),
}
const pathParameter: Message = {
  fields: () => ({
    required: flag(1),
    in: text(2),
    description: text(3),
    name: text(4),
    type: text(5),
    uniqueItems: flag(19),
  }),
}

const nonBody: Choice = {
  oneOf: (value) => (memberOf(value, 'in') === 'path' ? [4, pathParameter] : [3, queryParameter]),
}
const parameter: Choice = {
  oneOf: (value) => (memberOf(value, 'in') === 'body' ? [1, bodyParameter] : [2, nonBody]),
}
const parametersItem: Choice = {
  oneOf: (value) => (isReference(value) ? [2, reference] : [1, parameter]),
}

const response: Message = {
  fields: () => ({
    description: text(1),
    schema: of(2, only(schema)),
  }),
}
const operation: Message = {
  vendor: 13,
  fields: () => ({
    tags: texts(1),
    description: text(3),
    operationId: text(5),
    produces: texts(6),
    consumes: texts(7),
    parameters: listOf(8, parametersItem),
    responses: of(9, { named: only(response), field: 1 }),
    schemes: texts(10),
  }),
}
const pathItem: Message = {
  fields: () => ({
    get: of(2, operation),
    put: of(3, operation),
    post: of(4, operation),
    delete: of(5, operation),
    options: of(6, operation),
    head: of(7, operation),
    patch: of(8, operation),
    parameters: listOf(9, parametersItem),
  }),
}
const apiKey: Message = {
  fields: () => ({ type: text(1), name: text(2), in: text(3), description: text(4) }),
}
const document: Message = {
  fields: () => ({
    swagger: text(1),
    info: of(2, { fields: () => ({ title: text(1), version: text(2) }) }),
    parameters: of(10, { named: parameter, field: 1 }),
    security: listOf(12, { named: 'strings', field: 1 }),
    securityDefinitions: of(13, { named: { oneOf: () => [2, apiKey] }, field: 1 }),
  }),
}

/** Members of the document, and their fields in the message that holds them all. */
const sections = {
  paths: { number: 8, member: { named: pathItem, field: 2 } },
  definitions: { number: 9, member: { named: schema, field: 1 } },
} as const

/** The document as gnostic's `openapi.v2.Document`. */
export function openApiV2Protobuf(): V2Encoding {
  const encoder = new GnosticWriter()
  const { writer } = encoder
  const taken = (): Uint8Array => {
    const bytes = writer.finish()
    writer.clear()
    return bytes
  }
  const write = (value: object): void => runSteps(encoder.steps(document, value, 1))
  return {
    separator: new Uint8Array(),
    member: (section, name, value) => {
      encoder.entry(sections[section].member, name, value)
      return taken()
    },
    frame: ({ swagger, info, paths: _paths, definitions: _definitions, ...others }, sizes) => {
      write(others)
      const after = taken()
      encoder.head(sections.definitions.number, sizes.definitions)
      const between = taken()
      // From the end to the beginning.
      encoder.head(sections.paths.number, sizes.paths)
      write({ swagger, info })
      return { before: taken(), between, after }
    },
  }
}
