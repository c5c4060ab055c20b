import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import type { DecodeOptions, ParsedBody } from '../../apimachinery/codec/decode-object.ts'
import { parseJsonBody } from '../../apimachinery/codec/json-body.ts'
import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import { bareType, jsonType, mediaTypes, unsupportedMediaType } from './media-types.ts'
import type { Resource } from './resource.ts'
import type { RestContext } from './rest-context.ts'
import type { FieldValidation } from './write-options.ts'

/** Reads one media type; throws DecodeError. */
export type BodyParser = (body: Uint8Array, schema: Schema | undefined) => ParsedBody

/** How bodies are read, by media type. */
export type BodyParsers = ReadonlyMap<string, BodyParser>

function parserFor(context: RestContext, request: ServerRequest): BodyParser {
  const type = bareType(request.header('content-type'))
  const parser = context.parsers.get(type === '' ? jsonType : type)
  if (parser === undefined) throw unsupportedMediaType(mediaTypes)
  return parser
}

/** Reads the request's body as an object of a kind; unknown and duplicate fields become warnings or, under Strict, an error. */
export async function readObject(
  context: RestContext,
  request: ServerRequest,
  expected: GroupVersionKind,
  schema: Schema | undefined,
  fieldValidation: FieldValidation,
): Promise<KubernetesObject> {
  const body = await request.source.readBody()
  const options: DecodeOptions = { expected, schema, fieldValidation }
  if (body.type === 'object') return context.decoder.accept(body.object, options).object
  const parser = parserFor(context, request)
  const decoded = context.decoder.decode(body.bytes, (bytes) => parser(bytes, schema), options)
  for (const warning of decoded.warnings) request.warn(warning)
  return decoded.object
}

/** As `readObject` for the resource's own kind, with its defaults. */
export async function readBody(
  resource: Resource,
  request: ServerRequest,
  fieldValidation: FieldValidation,
): Promise<KubernetesObject> {
  const { context, kind, schema } = resource
  return kind.defaults(await readObject(context, request, kind, schema, fieldValidation))
}

/** A body without a schema: a patch, or options. Undefined when there is none. */
export async function readValue(
  request: ServerRequest,
  parse: (body: Uint8Array) => unknown,
): Promise<unknown> {
  const body = await request.source.readBody()
  if (body.type === 'object') return body.object
  if (body.bytes.length === 0) return undefined
  try {
    return parse(body.bytes)
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message)
    throw error
  }
}

/** Reads DeleteOptions and their like. */
export function readOptionsBody(context: RestContext, request: ServerRequest): Promise<unknown> {
  return readValue(request, (bytes) => parserFor(context, request)(bytes, undefined).value)
}

export const parseJsonValue = (body: Uint8Array): unknown => parseJsonBody(body).value
