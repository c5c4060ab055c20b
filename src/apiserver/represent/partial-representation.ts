import type { KubernetesObject, ListMeta, Status } from '../../apimachinery/meta.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Resource } from '../rest/resource.ts'
import { bookmarkMetadata, concatenate, encodeJson, encodeText } from './json-text.ts'
import { type ListSource, PieceSource } from './list-source.ts'
import type { Representation, StreamRepresentation } from './representation.ts'

export type MetaVersion = 'v1' | 'v1beta1'

const decoder = new TextDecoder()
const tail = encodeText('}')
const comma = encodeText(',')
const listTail = encodeText(']}\n')

/** `{"kind":"PartialObjectMetadata","apiVersion":…,"metadata":`: what goes before a slice of an object's bytes. */
export const partialHeadText = (version: MetaVersion): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`

/** The metadata of an object as JSON, sliced out of its bytes where the kind hides nothing of it. */
export function metadataJson({ cache, kind }: Resource, record: CachedObject): Uint8Array {
  const slice = record.bytes.subarray(cache.layout.metadataStart, cache.metadataEnd(record))
  if (kind.partialMetadata === undefined) return slice
  return encodeText(JSON.stringify(kind.partialMetadata(JSON.parse(decoder.decode(slice)))))
}

/** Only the metadata of objects. */
export class PartialRepresentation implements Representation, StreamRepresentation {
  readonly stream = this
  readonly contentType = 'application/json'
  readonly streamType = 'application/json'
  readonly #resource: Resource
  readonly #version: MetaVersion
  readonly #head: Uint8Array

  constructor(resource: Resource, version: MetaVersion) {
    this.#resource = resource
    this.#version = version
    this.#head = encodeText(partialHeadText(version))
  }

  one(record: CachedObject): Uint8Array {
    return concatenate([this.#head, metadataJson(this.#resource, record), tail])
  }

  object(object: object): Uint8Array {
    const { metadata = {}, kind }: KubernetesObject = object
    if (kind === 'Status') return encodeJson(object)
    const shown = this.#resource.kind.partialMetadata?.(metadata) ?? metadata
    return encodeJson({ ...this.#type('PartialObjectMetadata'), metadata: shown })
  }

  #type(kind: string): { readonly kind: string; readonly apiVersion: string } {
    return { kind, apiVersion: `meta.k8s.io/${this.#version}` }
  }

  list(records: readonly CachedObject[], metadata: ListMeta): ListSource {
    return new PieceSource(this.#pieces(records, metadata))
  }

  *#pieces(records: readonly CachedObject[], metadata: ListMeta): Iterable<Uint8Array> {
    const list = { ...this.#type('PartialObjectMetadataList'), metadata }
    // Go never made a list where there was nothing to put in.
    if (records.length === 0) return yield encodeText(`${JSON.stringify({ ...list, items: null })}\n`)
    yield encodeText(JSON.stringify({ ...list, items: [] }).slice(0, -2))
    let first = true
    for (const record of records) {
      if (!first) yield comma
      first = false
      yield this.#head
      yield metadataJson(this.#resource, record)
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
