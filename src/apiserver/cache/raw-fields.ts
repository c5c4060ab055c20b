import { RawJson } from '../../apimachinery/codec/raw-json.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'

const maxKnown = 8
const maxKnownLength = 64 * 1024

const listHead = '"managedFields":['
const treeHead = '"fieldsV1":'
/** What stands for a tree while the rest is parsed. */
const placeholder = 0

/** Where the JSON object that opens at `start` ends (exclusive); -1 where the text ends before it. */
function endOfObject(text: string, start: number): number {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    const char = text[index]
    if (char === '"') {
      index++
      while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1
    } else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return index + 1
  }
  return -1
}

/**
 * Reads objects as FieldTexts has written them, but leaves the trees of owned fields alone: half of many an object, and
 * of no interest to who only says it in another encoding. Objects that were made alike share one tree.
 */
export class RawFields {
  readonly #known: RawJson[] = []
  #oldest = 0

  /** `fieldsV1` of each managed field is a RawJson, where that is how it lies. */
  parse(text: string): KubernetesObject {
    const trees: RawJson[] = []
    const object = JSON.parse(this.#cut(text, trees))
    if (trees.length === 0) return object
    const entries = object.metadata?.managedFields
    // What looked like the object's own may have been deeper within it.
    if (
      !Array.isArray(entries) ||
      entries.length !== trees.length ||
      entries.some((entry) => entry.fieldsV1 !== placeholder)
    )
      return JSON.parse(text)
    trees.forEach((tree, index) => {
      entries[index].fieldsV1 = tree
    })
    return object
  }

  /** The text with a placeholder for each tree of the first list; the trees go to `trees`. */
  #cut(text: string, trees: RawJson[]): string {
    let cut = ''
    let kept = 0
    let at = text.indexOf(listHead)
    while (at >= 0) {
      at = text.indexOf(treeHead, at)
      if (at < 0) break
      const start = at + treeHead.length
      const tree = this.#treeAt(text, start)
      if (tree === undefined) break
      trees.push(tree)
      cut += `${text.slice(kept, start)}${placeholder}`
      kept = start + tree.text.length
      at = text.startsWith('},', kept) ? kept : -1
    }
    return cut + text.slice(kept)
  }

  #treeAt(text: string, start: number): RawJson | undefined {
    const known = this.#known.find((each) => text.startsWith(each.text, start))
    if (known !== undefined) return known
    const end = text[start] === '{' ? endOfObject(text, start) : -1
    if (end < 0) return undefined
    const tree = new RawJson(text.slice(start, end))
    if (tree.text.length <= maxKnownLength) {
      this.#known[this.#oldest] = tree
      this.#oldest = (this.#oldest + 1) % maxKnown
    }
    return tree
  }
}
