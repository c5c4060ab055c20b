import { encodeYaml } from '../../apimachinery/codec/encode-yaml.ts'
import { type ProtobufCodec, protobufMediaType } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { ServerRequest } from '../request.ts'
import type { BytesResponse, ObjectResponse } from '../response.ts'
import { jsonType, mediaTypes, notAcceptable, yamlType } from '../rest/media-types.ts'
import { encodeJson, encodeText } from './json-text.ts'
import type { Negotiator } from './negotiate.ts'
import { prettyJson } from './pretty-representation.ts'

/** Encodes objects that belong to no cache: Statuses, reviews, discovery. */
export class ObjectEncoder {
  readonly #negotiator: Negotiator
  readonly #protobuf: ProtobufCodec

  constructor(negotiator: Negotiator, protobuf: ProtobufCodec) {
    this.#negotiator = negotiator
    this.#protobuf = protobuf
  }

  /** By the request's Accept. An error is told in JSON if need be; throws NotAcceptable for other objects. */
  encode(request: ServerRequest, response: ObjectResponse): BytesResponse {
    const accepted = this.#negotiator.negotiate(request, mediaTypes, false)
    if (accepted === undefined) {
      if (response.status < 400) throw notAcceptable(mediaTypes)
      return this.encodeJson(response)
    }
    if (accepted.type === yamlType) return bytes(response, yamlType, encodeText(encodeYaml(response.object)))
    if (accepted.type === protobufMediaType) {
      const object: KubernetesObject = isObject(response.object) ? response.object : {}
      const encoded = this.#protobuf.encode(object)
      if (encoded !== undefined) return bytes(response, protobufMediaType, encoded)
    }
    const body = accepted.pretty ? encodeText(prettyJson(response.object)) : encodeJson(response.object)
    return bytes(response, jsonType, body)
  }

  encodeJson(response: ObjectResponse): BytesResponse {
    return bytes(response, jsonType, encodeJson(response.object))
  }
}

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
