import type { KubernetesObject, ListMeta, Status } from '../../apimachinery/meta.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Resource } from '../rest/resource.ts'
import { bookmarkMetadata, concatenate, encodeJson, encodeText } from './json-text.ts'
import { type MetaVersion, metadataSlice, partialHead } from './partial-representation.ts'
import type { Representation, StreamRepresentation } from './representation.ts'
import type { TableRows } from './table-rows.ts'

/** What of the object goes with its row. */
export type IncludeObject = 'Metadata' | 'Object' | 'None'

export interface TableOptions {
  readonly version: MetaVersion
  readonly includeObject: IncludeObject
}

const rowHead = encodeText('{"cells":[')
const comma = encodeText(',')
const objectHead = encodeText('],"object":')
const noObject = encodeText(']}')
const rowTail = encodeText('}')
const listTail = encodeText(']}\n')

/**
 * `as=Table`: rows put together from remembered cells and slices of the objects' bytes. In a watch only the first
 * event has column definitions, so one is made for each watch.
 */
export class TableRepresentation implements Representation, StreamRepresentation {
  readonly stream = this
  readonly contentType = 'application/json'
  readonly streamType = 'application/json'
  readonly #resource: Resource
  readonly #rows: TableRows
  readonly #options: TableOptions
  readonly #partialHead: Uint8Array
  #headersSent = false

  constructor(resource: Resource, rows: TableRows, options: TableOptions) {
    this.#resource = resource
    this.#rows = rows
    this.#options = options
    this.#partialHead = partialHead(options.version)
  }

  *#row(record: CachedObject): Iterable<Uint8Array> {
    yield rowHead
    yield* this.#rows.cells(record, () => this.#resource.peek(record))
    switch (this.#options.includeObject) {
      case 'None':
        yield noObject
        return
      case 'Metadata':
        yield objectHead
        yield this.#partialHead
        yield metadataSlice(this.#resource.cache, record)
        yield rowTail
        break
      case 'Object':
        yield objectHead
        yield this.#resource.bytes(record)
    }
    yield rowTail
  }

  #head(metadata: ListMeta, withColumns: boolean): Uint8Array {
    const head = JSON.stringify({
      kind: 'Table',
      apiVersion: `meta.k8s.io/${this.#options.version}`,
      metadata,
      columnDefinitions: withColumns ? this.#rows.definitions : null,
      rows: [],
    })
    return encodeText(head.slice(0, -2))
  }

  *list(records: readonly CachedObject[], metadata: ListMeta): Iterable<Uint8Array> {
    yield this.#head(metadata, true)
    let first = true
    for (const record of records) {
      if (!first) yield comma
      first = false
      yield* this.#row(record)
    }
    yield listTail
  }

  one(record: CachedObject): Uint8Array {
    return concatenate([...this.list([record], { resourceVersion: String(record.revision) })])
  }

  object(object: object): Uint8Array {
    const own: KubernetesObject = object
    if (own.kind === 'Status') return encodeJson(object)
    const { includeObject, version } = this.#options
    const partial = {
      kind: 'PartialObjectMetadata',
      apiVersion: `meta.k8s.io/${version}`,
      metadata: own.metadata,
    }
    const shown = includeObject === 'Object' ? own : partial
    return encodeJson({
      kind: 'Table',
      apiVersion: `meta.k8s.io/${version}`,
      metadata: { resourceVersion: own.metadata?.resourceVersion ?? '' },
      columnDefinitions: this.#rows.definitions,
      rows: [{ cells: this.#rows.values(own), ...(includeObject === 'None' ? {} : { object: shown }) }],
    })
  }

  encode(event: CacheEvent, type: ChangeType): Uint8Array {
    const record = event.subject(type)
    const withColumns = !this.#headersSent
    this.#headersSent = true
    return concatenate([
      encodeText(`{"type":"${type}","object":`),
      this.#head({ resourceVersion: String(record.revision) }, withColumns),
      ...this.#row(record),
      encodeText(']}}\n'),
    ])
  }

  /** As upstream: a row whose object tells. */
  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array {
    const withColumns = !this.#headersSent
    this.#headersSent = true
    const { version } = this.#options
    const object = {
      kind: 'Table',
      apiVersion: `meta.k8s.io/${version}`,
      metadata: { resourceVersion: String(revision) },
      columnDefinitions: withColumns ? this.#rows.definitions : null,
      rows: [
        {
          cells: this.#rows.definitions.map(() => ''),
          object: {
            kind: 'PartialObjectMetadata',
            apiVersion: `meta.k8s.io/${version}`,
            metadata: bookmarkMetadata(revision, initialEventsEnd),
          },
        },
      ],
    }
    return encodeText(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
  }

  error(status: Status): Uint8Array {
    return encodeText(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
  }
}
