import { Scale } from '../../api/autoscaling/scale/kind.ts'
import type { KubernetesObject, ListMeta, Status } from '../../apimachinery/meta.ts'
import { defined } from '../../base/defined.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Resource } from '../rest/resource.ts'
import { bookmarkMetadata, concatenate, encodeJson, encodeText } from './json-text.ts'
import { type ListSource, wholeOf } from './list-source.ts'
import { type MetaVersion, metadataJson, partialHeadText } from './partial-representation.ts'
import type { Representation, StreamRepresentation } from './representation.ts'
import { type Row, RowSource, rowPieces } from './row-source.ts'
import { TableRows } from './table-rows.ts'

/** What of the object goes with its row. */
export type IncludeObject = 'Metadata' | 'Object' | 'None'

export interface TableOptions {
  readonly version: MetaVersion
  readonly includeObject: IncludeObject
}

/** Ends the text before a row's object. */
const objectHead = '],"object":'
/** Of the definitions of columns and everything else around a row's object, where they are short. */
const oneTableBytes = 4096
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
  readonly #partialHead: string
  #headersSent = false

  constructor(resource: Resource, rows: TableRows, options: TableOptions) {
    this.#resource = resource
    this.#rows = rows
    this.#options = options
    this.#partialHead = partialHeadText(options.version)
  }

  readonly #row = (record: CachedObject): Row => {
    const cells = this.#rows.cells(record, () => this.#resource.peek(record))
    const { includeObject } = this.#options
    if (includeObject === 'None') return { head: `{"cells":[${cells}],"object":null}` }
    const head = `{"cells":[${cells}${objectHead}`
    if (includeObject === 'Object') return { head, object: this.#resource.bytes(record), braces: 1 }
    return {
      head: `${head}${this.#partialHead}`,
      object: metadataJson(this.#resource, record),
      braces: 2,
    }
  }

  /** Up to the rows' opening bracket. */
  #head(metadata: ListMeta, withColumns: boolean): Uint8Array {
    const table = JSON.stringify({
      kind: 'Table',
      apiVersion: `meta.k8s.io/${this.#options.version}`,
      metadata,
      columnDefinitions: withColumns ? this.#rows.definitions : null,
      rows: [],
    })
    return encodeText(table.slice(0, -'[]}'.length))
  }

  list(records: readonly CachedObject[], metadata: ListMeta): ListSource {
    return new RowSource({ records, row: this.#row, head: this.#head(metadata, true), tail: listTail })
  }

  one(record: CachedObject): Uint8Array {
    const table = this.list([record], { resourceVersion: String(record.revision) })
    return concatenate(wholeOf(table, record.bytes.length + oneTableBytes))
  }

  object(object: object): Uint8Array {
    const own: KubernetesObject = object
    if (own.kind === 'Status') return encodeJson(object)
    const { includeObject, version } = this.#options
    const { metadata } = own
    const partial = {
      kind: 'PartialObjectMetadata',
      apiVersion: `meta.k8s.io/${version}`,
      metadata: metadata && (this.#resource.kind.partialMetadata?.(metadata) ?? metadata),
    }
    const rows = this.#rowsOf(own)
    const shown = includeObject === 'Object' ? own : partial
    return encodeJson({
      kind: 'Table',
      apiVersion: `meta.k8s.io/${version}`,
      metadata: defined({ resourceVersion: own.metadata?.resourceVersion }),
      columnDefinitions: rows.definitions,
      rows: [{ cells: rows.values(own), object: includeObject === 'None' ? null : shown }],
    })
  }

  /** What `/scale` shows has columns of its own. */
  #rowsOf({ kind, apiVersion }: KubernetesObject): TableRows {
    const isScale = kind === Scale.kind && apiVersion === `${Scale.group}/${Scale.version}`
    return isScale ? new TableRows(Scale, this.#resource.context.host, 0) : this.#rows
  }

  encode(event: CacheEvent, type: ChangeType): Uint8Array {
    const record = event.subject(type)
    const withColumns = !this.#headersSent
    this.#headersSent = true
    return concatenate([
      encodeText(`{"type":"${type}","object":`),
      this.#head({ resourceVersion: String(record.revision) }, withColumns),
      encodeText('['),
      ...rowPieces(this.#row(record)),
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
          cells: this.#rows.values({}),
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
