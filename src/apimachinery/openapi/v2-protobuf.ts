import { ReverseWriter } from '../codec/protobuf/reverse-writer.ts'
import type { OpenApiV2 } from './openapi-v2.ts'
import { runSteps } from './run-steps.ts'

/** The media type that kubectl asks `/openapi/v2` for. */
export const openApiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/** What the answer calls itself: upstream avoids the `@`, which is no token of HTTP. */
export const openApiV2ProtobufAnswer = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

/**
 * How a JSON value is written in gnostic's `openapi.v2` messages (OpenAPIv2.proto): as a scalar; as YAML in
 * `Any`; as a message; or as a message of which each member of the JSON object becomes a `{name, value}`.
 */
type Shape =
  | 'string'
  | 'bool'
  | 'any'
  /** A string or list of strings in a message's field 1. */
  | 'strings'
  | { readonly message: Message }
  | { readonly oneOf: (value: unknown) => readonly [number, Message] }
  | { readonly named: Shape; readonly field: number }

interface Field {
  readonly number: number
  readonly shape: Shape
  readonly repeated?: true
}

/** `vendor` is the number of the message's extensions (`x-…`). A function, because messages are recursive. */
interface Message {
  readonly vendor?: number
  readonly fields: () => Readonly<Record<string, Field>>
}

const text = (number: number): Field => ({ number, shape: 'string' })
const texts = (number: number): Field => ({ number, shape: 'string', repeated: true })
const flag = (number: number): Field => ({ number, shape: 'bool' })
const of = (number: number, message: Message): Field => ({ number, shape: { message } })
const isReference = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && '$ref' in value
const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined

const reference: Message = { fields: () => ({ $ref: text(1), description: text(2) }) }

const schema: Message = {
  vendor: 31,
  fields: () => ({
    $ref: text(1),
    format: text(2),
    title: text(3),
    description: text(4),
    default: { number: 5, shape: 'any' },
    pattern: text(13),
    uniqueItems: flag(16),
    required: texts(19),
    enum: { number: 20, shape: 'any', repeated: true },
    additionalProperties: { number: 21, shape: { oneOf: additionalProperties } },
    type: { number: 22, shape: 'strings' },
    // gnostic allows a list of schemas here; there is only ever one.
    items: of(
      23,
      wrap(() => [1, schema]),
    ),
    allOf: { number: 24, shape: { message: schema }, repeated: true },
    properties: { number: 25, shape: { named: { message: schema }, field: 1 } },
  }),
}

const booleanProperties: Message = { fields: () => ({ boolean: flag(2) }) }
const additionalProperties = (value: unknown): readonly [number, Message] =>
  value === true ? [2, booleanProperties] : [1, schema]

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

const wrap = (oneOf: (value: unknown) => readonly [number, Message]): Message => ({
  fields: () => ({ '': { number: 0, shape: { oneOf } } }),
})
const nonBody = wrap((value) => (memberOf(value, 'in') === 'path' ? [4, pathParameter] : [3, queryParameter]))
const parameter = wrap((value) => (memberOf(value, 'in') === 'body' ? [1, bodyParameter] : [2, nonBody]))
const parametersItem = wrap((value) => (isReference(value) ? [2, reference] : [1, parameter]))

const response: Message = {
  fields: () => ({
    description: text(1),
    schema: of(
      2,
      wrap(() => [1, schema]),
    ),
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
    parameters: { number: 8, shape: { message: parametersItem }, repeated: true },
    responses: { number: 9, shape: { named: { message: wrap(() => [1, response]) }, field: 1 } },
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
    parameters: { number: 9, shape: { message: parametersItem }, repeated: true },
  }),
}
const apiKey: Message = {
  fields: () => ({ type: text(1), name: text(2), in: text(3), description: text(4) }),
}
const document: Message = {
  fields: () => ({
    swagger: text(1),
    info: of(2, { fields: () => ({ title: text(1), version: text(2) }) }),
    paths: { number: 8, shape: { named: { message: pathItem }, field: 2 } },
    definitions: { number: 9, shape: { named: { message: schema }, field: 1 } },
    parameters: { number: 10, shape: { named: { message: parameter }, field: 1 } },
    security: { number: 12, shape: { named: 'strings', field: 1 }, repeated: true },
    securityDefinitions: { number: 13, shape: { named: { message: wrap(() => [2, apiKey]) }, field: 1 } },
  }),
}

class V2ProtobufWriter {
  readonly writer = new ReverseWriter(1 << 20)
  readonly #fields = new Map<Message, ReadonlyMap<string, Field>>()

  #fieldsOf(message: Message): ReadonlyMap<string, Field> {
    const known = this.#fields.get(message)
    if (known !== undefined) return known
    const fields = new Map(Object.entries(message.fields()).sort(([, a], [, b]) => b.number - a.number))
    this.#fields.set(message, fields)
    return fields
  }

  #end(number: number, before: number): void {
    this.writer.varint(this.writer.length - before)
    this.writer.varint(((number << 3) | 2) >>> 0)
  }

  #text(number: number, value: string): void {
    const before = this.writer.length
    this.writer.text(value)
    this.#end(number, before)
  }

  message(message: Message, value: unknown): void {
    const fields = this.#fieldsOf(message)
    const choice = fields.get('')
    if (choice !== undefined && typeof choice.shape === 'object' && 'oneOf' in choice.shape) {
      this.#oneOf(choice.shape.oneOf, value)
      return
    }
    if (typeof value !== 'object' || value === null) return
    if (message.vendor !== undefined) {
      for (const [name, member] of Object.entries(value).toReversed()) {
        if (name.startsWith('x-')) this.#named(message.vendor, name, () => this.#value(2, 'any', member))
      }
    }
    for (const [name, field] of fields) {
      const member = memberOf(value, name)
      if (member !== undefined) this.#field(field, member)
    }
  }

  /** The outermost message, yielding after each path and definition. */
  *document(doc: OpenApiV2): Generator<void, void> {
    for (const [name, field] of this.#fieldsOf(document)) {
      const { number, shape } = field
      const value = memberOf(doc, name)
      const inSteps = typeof shape === 'object' && 'named' in shape && field.repeated !== true
      if (!inSteps || typeof value !== 'object' || value === null) {
        if (value !== undefined) this.#field(field, value)
        continue
      }
      const before = this.writer.length
      for (const [key, member] of Object.entries(value).toReversed()) {
        this.#named(shape.field, key, () => this.#value(2, shape.named, member))
        yield
      }
      this.#end(number, before)
    }
  }

  #oneOf(oneOf: (value: unknown) => readonly [number, Message], value: unknown): void {
    const [number, chosen] = oneOf(value)
    if (chosen === booleanProperties) {
      this.writer.varint(1)
      this.writer.varint(number << 3)
      return
    }
    const before = this.writer.length
    this.message(chosen, value)
    this.#end(number, before)
  }

  #named(number: number, name: string, writeValue: () => void): void {
    const before = this.writer.length
    writeValue()
    this.#text(1, name)
    this.#end(number, before)
  }

  #field({ number, shape, repeated }: Field, value: unknown): void {
    if (repeated !== true || !Array.isArray(value)) this.#value(number, shape, value)
    else for (const item of value.toReversed()) this.#value(number, shape, item)
  }

  #value(number: number, shape: Shape, value: unknown): void {
    const { writer } = this
    if (shape === 'string') {
      this.#text(number, String(value))
      return
    }
    if (shape === 'bool') {
      writer.varint(value === true ? 1 : 0)
      writer.varint(number << 3)
      return
    }
    const before = writer.length
    // JSON is YAML.
    if (shape === 'any') this.#text(2, JSON.stringify(value))
    else if (shape === 'strings') for (const item of [value].flat().toReversed()) this.#text(1, String(item))
    else if ('message' in shape) this.message(shape.message, value)
    else if ('oneOf' in shape) this.#oneOf(shape.oneOf, value)
    else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value).toReversed()) {
        this.#named(shape.field, name, () => this.#value(2, shape.named, member))
      }
    }
    this.#end(number, before)
  }
}

/** A Swagger document as `openapi.v2.Document`, in small steps. */
export function* openApiV2ProtobufSteps(doc: OpenApiV2): Generator<void, Uint8Array<ArrayBuffer>> {
  const encoder = new V2ProtobufWriter()
  yield* encoder.document(doc)
  return encoder.writer.finish()
}

/** `openApiV2ProtobufSteps` at one go. */
export const encodeOpenApiV2Protobuf = (doc: OpenApiV2): Uint8Array<ArrayBuffer> =>
  runSteps(openApiV2ProtobufSteps(doc))
