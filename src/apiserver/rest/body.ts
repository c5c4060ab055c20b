import { parseCborBody } from '../../apimachinery/codec/cbor/cbor-body.ts'
import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import type { DecodeOptions, ObjectDecoder, ParsedBody } from '../../apimachinery/codec/decode-object.ts'
import { parseJsonBody } from '../../apimachinery/codec/json-body.ts'
import { type ProtobufCodec, protobufMediaType } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import { parseYamlBody } from '../../apimachinery/codec/yaml-body.ts'
import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { RequestBody, ServerRequest } from '../request.ts'
import { bareType, cborGate, cborType, jsonType, unsupportedMediaType, yamlType } from './media-types.ts'
import type { Resource } from './resource.ts'
import { warnOfStrictErrors } from './strict-warnings.ts'
import type { FieldValidation } from './write-options.ts'

/** Reads one media type; throws DecodeError. A body that does not say its kind is of `expected`. */
export type BodyParser = (body: Uint8Array, expected: GroupVersionKind) => ParsedBody

/** Work on bodies from this size on, some ten milliseconds altogether, is done in several turns of the event loop. */
export const largeBytes = 64 * 1024

/** How bodies are read, by media type. */
export type BodyParsers = ReadonlyMap<string, BodyParser>

/** What is needed to read bodies. */
export interface BodyContext {
  readonly decoder: ObjectDecoder
  readonly parsers: BodyParsers
}

export function bodyParsers(protobuf: ProtobufCodec, features: Features): BodyParsers {
  const cbor: readonly [string, BodyParser][] = features.enabled(cborGate) ? [[cborType, parseCborBody]] : []
  return new Map<string, BodyParser>([
    [jsonType, (body) => parseJsonBody(body)],
    [yamlType, (body) => parseYamlBody(body)],
    [protobufMediaType, (body, expected) => protobuf.parseBody(body, expected)],
    ...cbor,
  ])
}

function parserFor(context: BodyContext, request: ServerRequest): BodyParser {
  const type = bareType(request.header('content-type'))
  const parser = context.parsers.get(type === '' ? jsonType : type)
  if (parser === undefined) throw unsupportedMediaType([...context.parsers.keys()])
  return parser
}

/** Reads the request's body as an object of a kind; unknown and duplicate fields become warnings or, under Strict, an error. */
export async function readObject(
  context: BodyContext,
  request: ServerRequest,
  expected: GroupVersionKind,
  schema: Schema | undefined,
  fieldValidation: FieldValidation,
  older: readonly GroupVersionKind[] = [],
): Promise<KubernetesObject> {
  const object = await readDecoded(context, request, { expected, older, schema, fieldValidation })
  request.audit?.sent(context.decoder.written(object, schema, 'json'))
  return object
}

function readDecoded(
  context: BodyContext,
  request: ServerRequest,
  options: DecodeOptions,
): MaybePromise<KubernetesObject> {
  const body = request.source.readBody()
  if (body instanceof Promise)
    return body.then(
      (read) => decodeBody(context, request, options, read),
      (error: unknown) => {
        // Who creates is told of the media type first.
        if (request.method === 'POST') parserFor(context, request)
        throw error
      },
    )
  return decodeBody(context, request, options, body)
}

function decodeBody(
  context: BodyContext,
  request: ServerRequest,
  options: DecodeOptions,
  body: RequestBody,
): KubernetesObject {
  if (body.type === 'object') return context.decoder.accept(body.object, options).object
  const parser = parserFor(context, request)
  request.bodyBytes = body.bytes.length
  request.isLarge = body.bytes.length >= largeBytes
  const parse = body.yaml ?? ((bytes: Uint8Array): ParsedBody => parser(bytes, options.expected))
  const decoded = context.decoder.decode(body.bytes, parse, options)
  warnOfStrictErrors(request, decoded.warnings)
  return decoded.object
}

/** As `readObject` for the resource's own kind, with its defaults. No promise where the body is there already. */
export function readBody(
  resource: Resource,
  request: ServerRequest,
  fieldValidation: FieldValidation,
): MaybePromise<KubernetesObject> {
  const decoded = readDecoded(resource.context, request, resource.decoding(fieldValidation))
  if (!(decoded instanceof Promise) && !request.isLarge) return withDefaults(resource, request, decoded)
  return withTurns(resource, request, decoded)
}

async function withTurns(
  resource: Resource,
  request: ServerRequest,
  decoded: MaybePromise<KubernetesObject>,
): Promise<KubernetesObject> {
  const { host } = resource.context
  const read = await decoded
  if (request.isLarge) await host.nextTurn()
  const object = withDefaults(resource, request, read)
  if (request.isLarge) await host.nextTurn()
  return object
}

function withDefaults(resource: Resource, request: ServerRequest, read: KubernetesObject): KubernetesObject {
  const object = resource.withDefaults(read)
  request.audit?.sent(resource.asShown(object))
  return object
}

/** A body as it is, numbers as they were written; undefined when there is none. */
async function readValue(request: ServerRequest, parse: (body: Uint8Array) => unknown): Promise<unknown> {
  const body = await request.source.readBody()
  if (body.type === 'object') return body.object
  request.bodyBytes = body.bytes.length
  if (body.bytes.length === 0) return undefined
  try {
    return parse(body.bytes)
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message)
    throw error
  }
}

const optionsKind = { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' }

/** Reads DeleteOptions and their like. */
export async function readOptionsBody(context: BodyContext, request: ServerRequest): Promise<unknown> {
  const value = await readValue(request, (bytes) => {
    const { value, cbor } = parserFor(context, request)(bytes, optionsKind)
    if (cbor?.problem !== undefined) throw new DecodeError(cbor.problem)
    return value
  })
  if (value !== undefined) request.audit?.sent(value)
  return value
}
