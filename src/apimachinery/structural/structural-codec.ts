import type { Conformed } from '../codec/conformer.ts'
import type { Structure } from '../codec/decode-object.ts'
import { type ConformMetadata, coerceEmbedded } from './embedded-objects.ts'
import { isObject } from './json-schema.ts'
import { pruneNulls, pruneUnknown } from './prune.ts'
import type { StructuralSchema } from './structural-schema.ts'

export interface StructuralCodecOptions {
  /** The whole object's; embedded at its root. */
  readonly schema: StructuralSchema
  readonly conformMetadata: ConformMetadata
  /** Unknown fields stay everywhere, as definitions of old could say. */
  readonly preservesAll: boolean
}

/** Makes objects of a custom resource what its schema says: metadata typed, unknown fields and stray nulls dropped. */
export class StructuralCodec implements Structure {
  readonly #options: StructuralCodecOptions

  constructor(options: StructuralCodecOptions) {
    this.#options = options
  }

  /** What a client sends. Throws DecodeError. */
  conform(value: unknown, strict: boolean): Conformed {
    return this.#fit(value, strict, false)
  }

  /** What another version's object becomes in this one. */
  prune(object: unknown): unknown {
    const { schema, preservesAll } = this.#options
    return preservesAll ? object : pruneNulls(pruneUnknown(object, schema), schema)
  }

  /** What was stored, perhaps by an older schema. */
  repair(value: unknown): unknown {
    const { value: fitted } = this.#fit(value, false, true)
    if (!isObject(fitted) || !isObject(fitted.metadata)) return fitted
    const { generation } = fitted.metadata
    return generation === undefined || generation === 0
      ? { ...fitted, metadata: { ...fitted.metadata, generation: 1 } }
      : fitted
  }

  #fit(value: unknown, strict: boolean, dropsInvalid: boolean): Conformed {
    const { schema, conformMetadata, preservesAll } = this.#options
    if (!isObject(value)) return { value, strictErrors: [] }
    const metadataUnknown: string[] = []
    const { metadata } = value
    let object: unknown = value
    if (metadata !== undefined) {
      const conformed = conformMetadata(metadata, strict)
      for (const path of conformed.unknown) metadataUnknown.push(`metadata.${path}`)
      if (conformed.value !== metadata) object = { ...value, metadata: conformed.value }
    }
    const unknown: string[] = []
    if (!preservesAll) {
      const pruned = pruneUnknown(object, schema, strict ? (path) => unknown.push(path) : undefined)
      object = pruneNulls(pruned, schema)
    }
    const embedded: string[] = []
    const inner = { conformMetadata, strict, dropsInvalid, onUnknown: (path: string) => embedded.push(path) }
    object = this.#coerceBelow(object, inner)
    const paths = [...metadataUnknown, ...unknown.sort(), ...embedded.sort()]
    return { value: object, strictErrors: strict ? paths.map((path) => `unknown field "${path}"`) : [] }
  }

  /** The object's own metadata has been seen to. */
  #coerceBelow(object: unknown, options: Parameters<typeof coerceEmbedded>[2]): unknown {
    if (!isObject(object)) return object
    let copy: Record<string, unknown> | undefined
    for (const key of Object.keys(object)) {
      if (key === 'metadata') continue
      const coerced = coerceEmbedded(object[key], this.#options.schema.field(key), options, key)
      if (coerced === object[key]) continue
      copy ??= { ...object }
      copy[key] = coerced
    }
    return copy ?? object
  }
}
