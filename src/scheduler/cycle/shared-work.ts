import type { Rejection } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NodeTable } from '../node-table.ts'

/** What the filters of one cycle say of a node: the place of the one that refuses it, or `admitted`. */
export interface NodeJudge {
  /** Asks the filters that answer for alike pods alike. */
  judge(node: NodeInfo): { readonly place: number; readonly rejection: Rejection | undefined }
}

/** Beyond the place of any filter. */
export const admitted = 255

/**
 * What was found out about each node for pods that are alike, as long as it holds: until the node's generation is
 * another. Arrays by node index; those of a node that has moved or gone are told by the generation, too.
 */
export class SharedWork {
  /** Plugins that answer for all of these pods alike. */
  readonly signed: ReadonlySet<string>
  /** The weighted points of all plugins that `rows` holds and that need no normalizing. */
  totals = new Float64Array(0)
  readonly #table: NodeTable
  readonly #rows = new Map<string, Float64Array>()
  #generations: Float64Array = new Float64Array(0)
  #judgedAt = new Float64Array(0)
  #refusers = new Uint8Array(0)
  readonly #rejections: (Rejection | undefined)[] = []
  #scoredAt = new Float64Array(0)
  #scorers = ''

  constructor(table: NodeTable, signed: ReadonlySet<string>) {
    this.#table = table
    this.signed = signed
  }

  /** Before a cycle: nodes may have come. */
  begin(): void {
    const { capacity, columns } = this.#table
    this.#generations = columns.generation
    if (this.#judgedAt.length === capacity) return
    this.#judgedAt = new Float64Array(capacity)
    this.#refusers = new Uint8Array(capacity)
    this.#scoredAt = new Float64Array(capacity)
    this.totals = new Float64Array(capacity)
    this.#rejections.length = 0
    this.#rows.clear()
  }

  /** The place of the filter that refuses the node, or `admitted`. */
  refuserOf(index: number, node: NodeInfo, judge: NodeJudge): number {
    const generation = this.#generations[index] ?? 0
    if (this.#judgedAt[index] !== generation) {
      const { place, rejection } = judge.judge(node)
      this.#refusers[index] = place
      this.#rejections[index] = rejection
      this.#judgedAt[index] = generation
    }
    return this.#refusers[index] ?? admitted
  }

  /** Of a node that `refuserOf` has been asked about. */
  rejectionOf(index: number): Rejection | undefined {
    return this.#rejections[index]
  }

  /** Before points are looked up: with other scorers than the last time nothing that was given holds. */
  beginScores(scorers: string): void {
    if (scorers === this.#scorers) return
    this.#scorers = scorers
    this.#scoredAt.fill(0)
  }

  isScored(index: number): boolean {
    return this.#scoredAt[index] === this.#generations[index]
  }

  setScored(index: number): void {
    this.#scoredAt[index] = this.#generations[index] ?? 0
  }

  /** One plugin's points as it gave them, by node index. */
  row(plugin: string): Float64Array {
    let row = this.#rows.get(plugin)
    if (row === undefined) {
      row = new Float64Array(this.#judgedAt.length)
      this.#rows.set(plugin, row)
    }
    return row
  }
}
