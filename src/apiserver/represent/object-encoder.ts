import type { CborEncoder } from '../../apimachinery/codec/cbor/encode-cbor.ts'
import { encodeYaml } from '../../apimachinery/codec/encode-yaml.ts'
import { protobufMediaType } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import { kindOfObject } from '../../apimachinery/kind-of-object.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { ServerRequest } from '../request.ts'
import type { BytesResponse, ObjectResponse } from '../response.ts'
import { cborType, jsonType, notAcceptable, yamlType } from '../rest/media-types.ts'
import type { Codecs } from './codecs.ts'
import { encodeJson, encodeText } from './json-text.ts'
import { isPretty, type Negotiator } from './negotiate.ts'
import { prettyJson } from './pretty-representation.ts'

/** Encodes objects that belong to no cache: Statuses, reviews, discovery. */
export class ObjectEncoder {
  readonly #negotiator: Negotiator
  readonly #codecs: Codecs

  constructor(negotiator: Negotiator, codecs: Codecs) {
    this.#negotiator = negotiator
    this.#codecs = codecs
  }

  /** By the request's Accept. An error is told in JSON if need be; throws NotAcceptable for other objects. */
  encode(request: ServerRequest, response: ObjectResponse): BytesResponse {
    const accepted = this.#negotiator.negotiate(request, this.#codecs.types, false)
    if (accepted === undefined) {
      if (response.status < 400) throw notAcceptable(this.#codecs.types)
      return this.encodeJson(request, response)
    }
    if (accepted.type === yamlType) return bytes(response, yamlType, encodeText(encodeYaml(response.object)))
    if (accepted.type === protobufMediaType) {
      const object: KubernetesObject = isObject(response.object) ? response.object : {}
      const encoded = this.#codecs.protobuf.encode(object)
      if (encoded !== undefined) return bytes(response, protobufMediaType, encoded)
    }
    const { cbor } = this.#codecs
    if (accepted.type === cborType && cbor !== undefined)
      return bytes(response, cborType, this.#cbor(cbor, response.object))
    return bytes(response, jsonType, jsonBody(response.object, accepted.pretty))
  }

  #cbor(encoder: CborEncoder, value: unknown): Uint8Array {
    const object: KubernetesObject = isObject(value) ? value : {}
    return encoder.encode(object, this.#codecs.schemas.ofKind(kindOfObject(object)))
  }

  /** Whatever the request accepts. */
  encodeJson(request: ServerRequest, response: ObjectResponse): BytesResponse {
    return bytes(response, jsonType, jsonBody(response.object, isPretty(request) ?? false))
  }
}

const jsonBody = (object: unknown, pretty: boolean): Uint8Array =>
  pretty ? encodeText(prettyJson(object)) : encodeJson(object)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

function bytes(response: ObjectResponse, contentType: string, body: Uint8Array): BytesResponse {
  const { status, headers } = response
  return {
    type: 'bytes',
    status,
    contentType,
    chunks: [body],
    ...(headers === undefined ? {} : { headers }),
  }
}
