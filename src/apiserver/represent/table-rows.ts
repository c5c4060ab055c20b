import { columnDescriptionsOf } from '../../api/column-descriptions-of.ts'
import { ageColumn, nameColumn } from '../../api/columns.ts'
import { humanDuration } from '../../api/human-duration.ts'
import type { Column, KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { timeMs } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { RecordMap } from '../cache/record-map.ts'

/** A row's cells as JSON, in pieces; a number stands for how long ago that time (ms) was. */
type Cells = readonly (string | number)[]

export interface ColumnDefinition {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

/** Of kinds that declare none; upstream's. */
const defaultColumns: readonly Column<KubernetesObject>[] = [
  nameColumn,
  {
    name: 'Created At',
    type: 'date',
    description: ageColumn.description,
    value: (object) => object.metadata?.creationTimestamp ?? null,
  },
]

/** Texts that look alike after such a time do not depend on it. */
const farMs = 401 * 24 * 3600 * 1000

/** The cells of a kind's objects, remembered within a bound; ages are told anew each time. */
export class TableRows {
  readonly definitions: readonly ColumnDefinition[]
  readonly #columns: readonly Column<KubernetesObject>[]
  readonly #host: Host
  readonly #cells: RecordMap<Cells>

  constructor(kind: KindDeclaration, host: Host, maxBytes: number) {
    this.#columns = kind.columns.length === 0 ? defaultColumns : kind.columns
    this.#host = host
    this.#cells = new RecordMap(maxBytes)
    const told = columnDescriptionsOf(kind)
    this.definitions = this.#columns
      .filter(({ undefinedCell }) => undefinedCell !== true)
      .map(({ name, type, format = '', description = told[name] ?? '', priority = 0 }) => ({
        name,
        type,
        format,
        description,
        priority,
      }))
  }

  /** The cells of an object as JSON, without brackets. `read` gives the decoded object. */
  cells(record: CachedObject, read: () => KubernetesObject): string {
    const nowMs = this.#host.now()
    const known = this.#cells.get(record)
    if (known !== undefined) return tell(known, nowMs)
    const { cells, lasting } = this.#make(read(), nowMs)
    if (lasting)
      this.#cells.set(record, cells, 128 + cells.reduce<number>((sum, cell) => sum + sizeOf(cell), 0))
    return tell(cells, nowMs)
  }

  values(object: KubernetesObject): readonly (string | number | boolean | null)[] {
    const nowMs = this.#host.now()
    return this.#columns.map((column) => column.value(object, nowMs))
  }

  /** Texts are joined rather than added up: V8 keeps a sum in as many parts as it had. */
  #make(object: KubernetesObject, nowMs: number): { readonly cells: Cells; readonly lasting: boolean } {
    const cells: (string | number)[] = []
    let lasting = true
    let texts: string[] = []
    for (const column of this.#columns) {
      const since = column.since?.(object)
      if (since !== undefined && since !== null) {
        cells.push([...texts, ''].join(','), timeMs(since))
        texts = ['']
        continue
      }
      const value = column.value(object, nowMs)
      if (column.since === undefined && value !== column.value(object, nowMs + farMs)) lasting = false
      texts.push(JSON.stringify(value))
    }
    cells.push(texts.join(','))
    return { cells, lasting }
  }
}

function tell(cells: Cells, nowMs: number): string {
  let text = ''
  for (const cell of cells) text += typeof cell === 'number' ? `"${humanDuration(nowMs - cell)}"` : cell
  return text
}

const sizeOf = (cell: string | number): number => (typeof cell === 'number' ? 16 : cell.length + 32)
