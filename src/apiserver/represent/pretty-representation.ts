import type { ListMeta } from '../../apimachinery/meta.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { concatenate, encodeText } from './json-text.ts'
import { type ListSource, PieceSource, wholeOf } from './list-source.ts'
import type { LazyRepresentation, StreamRepresentation } from './representation.ts'

const decoder = new TextDecoder()
/** Of a list without its items; more where they are a table's. */
const headBytes = 1024
const listIndent = '    '

export const prettyJson = (value: unknown): string => JSON.stringify(value, null, 2)

/** JSON for people: another JSON representation, indented. Watches stay as they are, one event a line. */
export class PrettyRepresentation implements LazyRepresentation {
  readonly contentType = 'application/json'
  readonly stream: StreamRepresentation | undefined
  readonly #plain: LazyRepresentation

  constructor(plain: LazyRepresentation) {
    this.#plain = plain
    this.stream = plain.stream
  }

  one(record: CachedObject): Uint8Array {
    return this.#indented(this.#plain.one(record))
  }

  object(object: object): Uint8Array {
    return this.#indented(this.#plain.object(object))
  }

  #indented(bytes: Uint8Array): Uint8Array {
    return encodeText(prettyJson(JSON.parse(decoder.decode(bytes))))
  }

  /** The list of one piece each, with the brackets around it as the plain one writes them. */
  list(records: readonly CachedObject[], metadata: ListMeta): ListSource {
    return new PieceSource(this.#pieces(records, metadata))
  }

  *#pieces(records: readonly CachedObject[], metadata: ListMeta): Iterable<Uint8Array> {
    const empty: Readonly<Record<string, unknown>> = this.#parsed([], metadata)
    const name = 'rows' in empty ? 'rows' : 'items'
    const head = prettyJson(empty)
    yield encodeText(head.slice(0, head.lastIndexOf('[]') + 1))
    for (const [index, record] of records.entries()) {
      const list: Readonly<Record<string, readonly unknown[]>> = this.#parsed([record], metadata)
      const item = prettyJson(list[name]?.[0]).replaceAll('\n', `\n${listIndent}`)
      yield encodeText(`${index === 0 ? '' : ','}\n${listIndent}${item}`)
    }
    yield encodeText(records.length === 0 ? ']\n}\n' : '\n  ]\n}\n')
  }

  #parsed(
    records: readonly CachedObject[],
    metadata: ListMeta,
  ): Readonly<Record<string, readonly unknown[]>> {
    const expectedBytes = headBytes + (records[0]?.bytes.length ?? 0)
    return JSON.parse(
      decoder.decode(concatenate(wholeOf(this.#plain.list(records, metadata), expectedBytes))),
    )
  }
}
