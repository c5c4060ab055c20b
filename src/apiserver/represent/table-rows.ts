import { humanDuration } from '../../api/human-duration.ts'
import type { Column, KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { timeMs } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import { ByteBoundedMap } from '../cache/byte-bounded-map.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { encodeText } from './json-text.ts'

/** A row's cells as JSON, in pieces; a number stands for how long ago that time (ms) was. */
type Cells = readonly (Uint8Array | number)[]

export interface ColumnDefinition {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

/** Of kinds that declare none; upstream's. */
const defaultColumns: readonly Column<KubernetesObject>[] = [
  {
    name: 'Name',
    type: 'string',
    format: 'name',
    description:
      'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
    value: (object) => object.metadata?.name ?? '',
  },
  {
    name: 'Created At',
    type: 'date',
    description:
      'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
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
  readonly #cells: ByteBoundedMap<CachedObject, Cells>

  constructor(kind: KindDeclaration, host: Host, maxBytes: number) {
    this.#columns = kind.columns.length === 0 ? defaultColumns : kind.columns
    this.#host = host
    this.#cells = new ByteBoundedMap(maxBytes)
    this.definitions = this.#columns.map(({ name, type, format = '', description = '', priority = 0 }) => ({
      name,
      type,
      format,
      description,
      priority,
    }))
  }

  /** The cells of an object in pieces, without brackets. `read` gives the decoded object. */
  cells(record: CachedObject, read: () => KubernetesObject): readonly Uint8Array[] {
    const nowMs = this.#host.now()
    const known = this.#cells.get(record)
    if (known !== undefined) return this.#tell(known, nowMs)
    const object = read()
    const { cells, lasting } = this.#make(object, nowMs)
    if (lasting)
      this.#cells.set(record, cells, 64 + cells.reduce<number>((sum, cell) => sum + sizeOf(cell), 0))
    return this.#tell(cells, nowMs)
  }

  values(object: KubernetesObject): readonly (string | number | boolean | null)[] {
    const nowMs = this.#host.now()
    return this.#columns.map((column) => column.value(object, nowMs))
  }

  #make(object: KubernetesObject, nowMs: number): { readonly cells: Cells; readonly lasting: boolean } {
    const cells: (Uint8Array | number)[] = []
    let lasting = true
    let text = ''
    this.#columns.forEach((column, index) => {
      const comma = index === 0 ? '' : ','
      const since = column.since?.(object)
      if (since !== undefined && since !== null) {
        cells.push(encodeText(`${text}${comma}`), timeMs(since))
        text = ''
        return
      }
      const value = column.value(object, nowMs)
      if (column.since === undefined && value !== column.value(object, nowMs + farMs)) lasting = false
      text += `${comma}${JSON.stringify(value)}`
    })
    if (text !== '') cells.push(encodeText(text))
    return { cells, lasting }
  }

  #tell(cells: Cells, nowMs: number): readonly Uint8Array[] {
    return cells.map((cell) =>
      typeof cell === 'number' ? encodeText(JSON.stringify(humanDuration(nowMs - cell))) : cell,
    )
  }
}

const sizeOf = (cell: Uint8Array | number): number => (typeof cell === 'number' ? 16 : cell.length + 96)
