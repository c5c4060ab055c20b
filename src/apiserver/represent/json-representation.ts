import type { ListMeta, Status } from '../../apimachinery/meta.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Layout } from '../cache/layout.ts'
import { ItemSource } from './item-source.ts'
import { bookmarkMetadata, concatenate, encodeJson, encodeText } from './json-text.ts'
import type { ListSource } from './list-source.ts'
import type { Representation, StreamRepresentation } from './representation.ts'

const eventHeads: Readonly<Record<ChangeType, Uint8Array>> = {
  ADDED: encodeText('{"type":"ADDED","object":'),
  MODIFIED: encodeText('{"type":"MODIFIED","object":'),
  DELETED: encodeText('{"type":"DELETED","object":'),
}
const eventTail = encodeText('}\n')
const listTail = encodeText(']}\n')

export interface JsonSource {
  /** How the bytes lie. */
  readonly layout: Layout
  readonly bytes: (record: CachedObject) => Uint8Array
}

/** `application/json`: the cache's own bytes. */
export class JsonRepresentation implements Representation, StreamRepresentation {
  readonly stream = this
  readonly contentType = 'application/json'
  readonly streamType = 'application/json'
  readonly #source: JsonSource

  constructor(source: JsonSource) {
    this.#source = source
  }

  one(record: CachedObject): Uint8Array {
    return this.#source.bytes(record)
  }

  object(object: object): Uint8Array {
    return encodeJson(object)
  }

  /** Items of lists do not say their kind, as upstream's. */
  list(records: readonly CachedObject[], metadata: ListMeta): ListSource {
    const { listKind, apiVersion, itemStart } = this.#source.layout
    const list = JSON.stringify({ kind: listKind, apiVersion, metadata, items: [] })
    const head = encodeText(list.slice(0, -'[]}'.length))
    const bytes = this.#source.bytes
    return new ItemSource({ records, bytes, itemStart, head, tail: listTail })
  }

  encode(event: CacheEvent, type: ChangeType): Uint8Array {
    return concatenate([eventHeads[type], this.#source.bytes(event.subject(type)), eventTail])
  }

  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array {
    const { kind, apiVersion } = this.#source.layout
    const object = { kind, apiVersion, metadata: bookmarkMetadata(revision, initialEventsEnd) }
    return encodeText(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
  }

  error(status: Status): Uint8Array {
    return encodeText(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
  }
}
