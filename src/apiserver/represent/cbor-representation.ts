import { cborMediaType, cborSequenceType } from '../../apimachinery/codec/cbor/cbor-body.ts'
import type { CborEncoder } from '../../apimachinery/codec/cbor/encode-cbor.ts'
import { parseJson } from '../../apimachinery/codec/json-parse.ts'
import { anyDepth } from '../../apimachinery/codec/json-scan.ts'
import type { ListMeta, Status } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { assert } from '../../base/assert.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { concatenate } from './json-text.ts'
import { type ListSource, PieceSource, wholeOf } from './list-source.ts'
import type { LazyRepresentation, Representation, StreamRepresentation } from './representation.ts'

const decoder = new TextDecoder()
/** Of a list without its items. */
const headBytes = 1024

type Members = Readonly<Record<string, unknown>>

function membersOf(bytes: readonly Uint8Array[]): Members {
  const { value } = parseJson(decoder.decode(concatenate(bytes)), anyDepth)
  assert(typeof value === 'object' && value !== null, 'objects and lists are JSON objects')
  return { ...value }
}

/** CBOR of what a JSON representation gives. `schema` is that of the objects, where bytes are told from texts. */
export class CborRepresentation implements Representation, StreamRepresentation {
  readonly contentType = cborMediaType
  readonly streamType = cborSequenceType
  readonly #json: LazyRepresentation
  readonly #events: StreamRepresentation
  readonly #encoder: CborEncoder
  readonly #schema: Schema | undefined

  constructor(json: LazyRepresentation, encoder: CborEncoder, schema: Schema | undefined) {
    assert(json.stream !== undefined, 'JSON can be watched')
    this.#json = json
    this.#events = json.stream
    this.#encoder = encoder
    this.#schema = schema
  }

  get stream(): StreamRepresentation {
    return this
  }

  one(record: CachedObject): Uint8Array {
    return this.#encoder.encode(membersOf([this.#json.one(record)]), this.#schema)
  }

  object(object: object): Uint8Array {
    return this.#encoder.encode(membersOf([this.#json.object(object)]), this.#schema)
  }

  list(records: readonly CachedObject[], metadata: ListMeta): ListSource {
    return new PieceSource(this.#pieces(records, metadata))
  }

  *#pieces(records: readonly CachedObject[], metadata: ListMeta): Iterable<Uint8Array> {
    const { items: _none, ...rest } = this.#parsed([], metadata)
    const encoder = this.#encoder
    yield encoder.listHead(rest, 'items', records.length)
    for (const record of records) {
      const { items } = this.#parsed([record], metadata)
      yield encoder.item(Array.isArray(items) ? items[0] : undefined, this.#schema)
    }
  }

  #parsed(records: readonly CachedObject[], metadata: ListMeta): Members {
    const expectedBytes = headBytes + (records[0]?.bytes.length ?? 0)
    return membersOf(wholeOf(this.#json.list(records, metadata), expectedBytes))
  }

  #event(line: Uint8Array): Uint8Array {
    const { type, object } = membersOf([line])
    return this.#encoder.event(type, object, this.#schema)
  }

  encode(event: CacheEvent, type: ChangeType): Uint8Array {
    return this.#event(this.#events.encode(event, type))
  }

  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array {
    return this.#event(this.#events.bookmark(revision, initialEventsEnd))
  }

  error(status: Status): Uint8Array {
    return this.#event(this.#events.error(status))
  }
}
