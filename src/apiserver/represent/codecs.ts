import { CborEncoder } from '../../apimachinery/codec/cbor/encode-cbor.ts'
import type { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import { cborGate, type MediaType, mediaTypes, mediaTypesWithCbor } from '../rest/media-types.ts'

/** What objects are encoded with, beside JSON. One for a server. */
export interface Codecs {
  readonly protobuf: ProtobufCodec
  /** Absent: the gate is off. */
  readonly cbor: CborEncoder | undefined
  readonly schemas: Schemas
  /** All that a built-in kind can be had in, in upstream's order. */
  readonly types: readonly MediaType[]
}

export function makeCodecs(protobuf: ProtobufCodec, schemas: Schemas, features: Features): Codecs {
  const cbor = features.enabled(cborGate) ? new CborEncoder() : undefined
  return { protobuf, schemas, cbor, types: cbor === undefined ? mediaTypes : mediaTypesWithCbor }
}
