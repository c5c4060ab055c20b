import {
  type Choice,
  flag,
  GnosticWriter,
  isReference,
  listOf,
  type Message,
  of,
  only,
  text,
  texts,
} from './gnostic-writer.ts'
import type { OpenApiV3 } from './openapi-v3.ts'

/** What `/openapi/v3`'s documents are asked for with, and what the answer calls itself. */
export const openApiV3ProtobufType = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'

/** How clients of before asked. */
export const openApiV3ProtobufOldType = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'

const reference: Message = { fields: () => ({ $ref: text(1), summary: text(2), description: text(3) }) }
const orReference = (message: Message): Choice => ({
  oneOf: (value) => (isReference(value) ? [2, reference] : [1, message]),
})

const externalDocs: Message = { vendor: 3, fields: () => ({ description: text(1), url: text(2) }) }
const number = (id: number) => of(id, 'double')
const integer = (id: number) => of(id, 'int')

const defaultValue: Choice = {
  oneOf: (value) => {
    if (typeof value === 'number') return [1, 'double']
    if (typeof value === 'boolean') return [2, 'bool']
    return typeof value === 'string' ? [3, 'string'] : undefined
  },
}

const schema: Message = {
  vendor: 36,
  fields: () => ({
    nullable: flag(1),
    readOnly: flag(3),
    writeOnly: flag(4),
    externalDocs: of(6, externalDocs),
    example: of(7, 'any'),
    deprecated: flag(8),
    title: text(9),
    multipleOf: number(10),
    maximum: number(11),
    exclusiveMaximum: flag(12),
    minimum: number(13),
    exclusiveMinimum: flag(14),
    maxLength: integer(15),
    minLength: integer(16),
    pattern: text(17),
    maxItems: integer(18),
    minItems: integer(19),
    uniqueItems: flag(20),
    maxProperties: integer(21),
    minProperties: integer(22),
    required: texts(23),
    enum: listOf(24, 'any'),
    type: text(25),
    allOf: listOf(26, schemaOrReference),
    oneOf: listOf(27, schemaOrReference),
    anyOf: listOf(28, schemaOrReference),
    not: of(29, schema),
    items: of(30, only(schemaOrReference)),
    properties: of(31, { named: schemaOrReference, field: 1 }),
    additionalProperties: of(32, additionalProperties),
    default: of(33, defaultValue),
    description: text(34),
    format: text(35),
  }),
}
const schemaOrReference = orReference(schema)
const additionalProperties: Choice = {
  oneOf: (value) => (typeof value === 'boolean' ? [2, 'bool'] : [1, schemaOrReference]),
}

const mediaTypes = {
  named: { vendor: 5, fields: () => ({ schema: of(1, schemaOrReference) }) } satisfies Message,
  field: 1,
}
const parameter: Message = {
  vendor: 14,
  fields: () => ({
    name: text(1),
    in: text(2),
    description: text(3),
    required: flag(4),
    schema: of(10, schemaOrReference),
  }),
}
const requestBody: Message = {
  vendor: 4,
  fields: () => ({ description: text(1), content: of(2, mediaTypes), required: flag(3) }),
}
const response: Message = {
  vendor: 5,
  fields: () => ({ description: text(1), content: of(3, mediaTypes) }),
}
const operation: Message = {
  vendor: 13,
  fields: () => ({
    tags: texts(1),
    summary: text(2),
    description: text(3),
    operationId: text(5),
    parameters: listOf(6, orReference(parameter)),
    requestBody: of(7, orReference(requestBody)),
    responses: of(8, { named: orReference(response), field: 2 }),
    deprecated: flag(10),
    security: listOf(11, { named: 'strings', field: 1 }),
  }),
}
const pathItem: Message = {
  vendor: 14,
  fields: () => ({
    $ref: text(1),
    summary: text(2),
    description: text(3),
    get: of(4, operation),
    put: of(5, operation),
    post: of(6, operation),
    delete: of(7, operation),
    options: of(8, operation),
    head: of(9, operation),
    patch: of(10, operation),
    parameters: listOf(13, orReference(parameter)),
  }),
}
const securityScheme: Message = {
  vendor: 9,
  fields: () => ({ type: text(1), description: text(2), name: text(3), in: text(4), scheme: text(5) }),
}
const components: Message = {
  fields: () => ({
    schemas: of(1, { named: schemaOrReference, field: 1 }),
    securitySchemes: of(7, { named: orReference(securityScheme), field: 1 }),
  }),
}
const info: Message = { fields: () => ({ title: text(1), description: text(2), version: text(6) }) }
const document: Message = {
  fields: () => ({
    openapi: text(1),
    info: of(2, info),
    paths: of(4, { named: pathItem, field: 1 }),
    components: of(5, components),
    security: listOf(6, { named: 'strings', field: 1 }),
  }),
}

/** A document as gnostic's `openapi.v3.Document`, in small steps. */
export function* openApiV3ProtobufSteps(doc: OpenApiV3): Generator<void, Uint8Array<ArrayBuffer>> {
  const encoder = new GnosticWriter()
  yield* encoder.steps(document, doc, 2)
  return encoder.writer.finish()
}
