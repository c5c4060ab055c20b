import type { KubernetesObject, ListMeta, Status } from '../../apimachinery/meta.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import { bookmarkMetadata, concatenate, encodeJson, encodeText } from './json-text.ts'
import { type ListSource, PieceSource } from './list-source.ts'
import type { Representation, StreamRepresentation } from './representation.ts'

export type MetaVersion = 'v1' | 'v1beta1'

const tail = encodeText('}')
const comma = encodeText(',')
const listTail = encodeText(']}\n')

/** `{"kind":"PartialObjectMetadata","apiVersion":…,"metadata":`: what goes before a slice of an object's bytes. */
export const partialHeadText = (version: MetaVersion): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`

export function metadataSlice(cache: ResourceCache, record: CachedObject): Uint8Array {
  return record.bytes.subarray(cache.layout.metadataStart, cache.metadataEnd(record))
}

/** Only the metadata of objects, sliced out of their bytes. */
export class PartialRepresentation implements Representation, StreamRepresentation {
  readonly stream = this
  readonly contentType = 'application/json'
  readonly streamType = 'application/json'
  readonly #cache: ResourceCache
  readonly #version: MetaVersion
  readonly #head: Uint8Array

  constructor(cache: ResourceCache, version: MetaVersion) {
    this.#cache = cache
    this.#version = version
    this.#head = encodeText(partialHeadText(version))
  }

  one(record: CachedObject): Uint8Array {
    return concatenate([this.#head, metadataSlice(this.#cache, record), tail])
  }

  object(object: object): Uint8Array {
    const { metadata = {}, kind }: KubernetesObject = object
    if (kind === 'Status') return encodeJson(object)
    return encodeJson({ ...this.#type('PartialObjectMetadata'), metadata })
  }

  #type(kind: string): { readonly kind: string; readonly apiVersion: string } {
    return { kind, apiVersion: `meta.k8s.io/${this.#version}` }
  }

  list(records: readonly CachedObject[], metadata: ListMeta): ListSource {
    return new PieceSource(this.#pieces(records, metadata))
  }

  *#pieces(records: readonly CachedObject[], metadata: ListMeta): Iterable<Uint8Array> {
    const head = JSON.stringify({ ...this.#type('PartialObjectMetadataList'), metadata, items: [] })
    yield encodeText(head.slice(0, -2))
    let first = true
    for (const record of records) {
      if (!first) yield comma
      first = false
      yield this.#head
      yield metadataSlice(this.#cache, record)
      yield tail
    }
    yield listTail
  }

  encode(event: CacheEvent, type: ChangeType): Uint8Array {
    const object = this.one(event.subject(type))
    return concatenate([encodeText(`{"type":"${type}","object":`), object, encodeText('}\n')])
  }

  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array {
    const metadata = bookmarkMetadata(revision, initialEventsEnd)
    const object = { ...this.#type('PartialObjectMetadata'), metadata }
    return encodeText(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
  }

  error(status: Status): Uint8Array {
    return encodeText(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
  }
}
