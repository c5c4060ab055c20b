import type { FieldsV1, ManagedFieldsEntry } from '../../apimachinery/meta.ts'

const maxKnown = 8
const maxKnownLength = 64 * 1024

/**
 * Managed fields as JSON. Objects that were made alike share one tree of owned fields, more than half of many an
 * object: its text is made once for those that come one after another.
 */
export class FieldTexts {
  readonly #trees: FieldsV1[] = []
  readonly #texts: string[] = []
  #oldest = 0

  encode(entries: readonly ManagedFieldsEntry[]): string {
    let json = '['
    for (const entry of entries) {
      if (json.length > 1) json += ','
      json += this.#entry(entry)
    }
    return `${json}]`
  }

  #entry(entry: ManagedFieldsEntry): string {
    const { fieldsV1 } = entry
    if (fieldsV1 === undefined) return JSON.stringify(entry)
    const head = JSON.stringify({ ...entry, fieldsV1: undefined })
    const text = this.#textOf(fieldsV1)
    return head === '{}' ? `{"fieldsV1":${text}}` : `${head.slice(0, -1)},"fieldsV1":${text}}`
  }

  #textOf(tree: FieldsV1): string {
    const at = this.#trees.indexOf(tree)
    if (at >= 0) return this.#texts[at] ?? ''
    const text = JSON.stringify(tree)
    if (text.length > maxKnownLength) return text
    this.#trees[this.#oldest] = tree
    this.#texts[this.#oldest] = text
    this.#oldest = (this.#oldest + 1) % maxKnown
    return text
  }
}
