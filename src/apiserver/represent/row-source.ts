import type { CachedObject } from '../cache/cached-object.ts'
import { concatenate, encodeText } from './json-text.ts'
import type { ListSource } from './list-source.ts'

/** A row of a table: its JSON up to its object, the object's bytes, and the braces behind them. */
export type Row =
  | { readonly head: string; readonly object?: undefined }
  | { readonly head: string; readonly object: Uint8Array; readonly braces: 1 | 2 }

const encoder = new TextEncoder()
const closingBrace = 0x7d
const braces = { 1: encodeText('}'), 2: encodeText('}}') } as const
const mostBytesPerCharacter = 3
const mostBraces = 2

export const rowPieces = (row: Row): readonly Uint8Array[] =>
  row.object === undefined ? [encodeText(row.head)] : [encodeText(row.head), row.object, braces[row.braces]]

export interface Rows {
  readonly records: readonly CachedObject[]
  readonly row: (record: CachedObject) => Row
  /** Everything before the rows' opening bracket. */
  readonly head: Uint8Array
  /** From their closing bracket on. */
  readonly tail: Uint8Array
}

/** The rows of a table, written where they are sent from. */
export class RowSource implements ListSource {
  readonly #rows: Rows
  #next = 0
  /** What has to go first: the head, the tail, or the rest of a row. */
  #rest: Uint8Array | undefined
  #ended = false

  constructor(rows: Rows) {
    this.#rows = rows
    this.#rest = rows.head
  }

  fill(chunk: Uint8Array): number {
    let used = 0
    for (;;) {
      const rest = this.#rest
      if (rest !== undefined) {
        const room = chunk.length - used
        chunk.set(rest.length <= room ? rest : rest.subarray(0, room), used)
        if (rest.length > room) {
          this.#rest = rest.subarray(room)
          return chunk.length
        }
        this.#rest = undefined
        used += rest.length
      }
      if (this.#ended) return used
      used = this.#fillRow(chunk, used)
    }
  }

  /** Leaves in `#rest` what may not fit. */
  #fillRow(chunk: Uint8Array, used: number): number {
    const { records, row: rowOf, tail } = this.#rows
    const record = records[this.#next]
    if (record === undefined) {
      this.#ended = true
      this.#rest = records.length === 0 ? concatenate([encodeText('['), tail]) : tail
      return used
    }
    const row = rowOf(record)
    const head = `${this.#next === 0 ? '[' : ','}${row.head}`
    this.#next++
    const most = head.length * mostBytesPerCharacter + (row.object?.length ?? 0) + mostBraces
    if (used + most > chunk.length) {
      this.#rest = concatenate(rowPieces({ ...row, head }))
      return used
    }
    let at = used + encoder.encodeInto(head, chunk.subarray(used)).written
    if (row.object === undefined) return at
    chunk.set(row.object, at)
    at += row.object.length
    for (let count: number = row.braces; count > 0; count--) chunk[at++] = closingBrace
    return at
  }
}
