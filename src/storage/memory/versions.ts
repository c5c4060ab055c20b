import { BTree } from '../../base/btree.ts'
import { compareKeys } from '../compare-keys.ts'
import type { Entry } from '../storage.ts'

interface Version {
  readonly modRevision: number
  /** Absent: the key was deleted by that revision. */
  readonly entry: Entry | undefined
}

/** What a version costs beside its key and value, roughly as a database would count it. */
const overheadBytes = 64

const sizeOf = (key: string, version: Version): number =>
  key.length + overheadBytes + (version.entry?.value.length ?? 0)

/** All kept versions of all keys, in the order of their keys. */
export class Versions {
  /** Ascending by revision, never empty. */
  readonly #tree = new BTree<string, Version[]>(undefined, compareKeys)
  #bytes = 0
  #liveKeys = 0

  get bytes(): number {
    return this.#bytes
  }

  get liveKeys(): number {
    return this.#liveKeys
  }

  newest(key: string): Entry | undefined {
    return this.#tree.get(key)?.at(-1)?.entry
  }

  put(entry: Entry): void {
    if (this.#add(entry.key, { modRevision: entry.modRevision, entry }) === undefined) this.#liveKeys++
  }

  /** The key is there. */
  delete(key: string, revision: number): void {
    this.#add(key, { modRevision: revision, entry: undefined })
    this.#liveKeys--
  }

  range(prefix: string, after: string | undefined, limit: number, revision: number) {
    const entries: Entry[] = []
    let more = false
    const low = after !== undefined && compareKeys(after, prefix) > 0 ? after : prefix
    for (const [key, versions] of this.#tree.entries(low)) {
      if (!key.startsWith(prefix)) break
      if (key === after) continue
      const entry = versions.findLast(({ modRevision }) => modRevision <= revision)?.entry
      if (entry === undefined) continue
      if (limit > 0 && entries.length === limit) {
        more = true
        break
      }
      entries.push(entry)
    }
    return { entries, more }
  }

  /** Drops the versions that nobody can see who reads at `revision` or later. */
  forget(key: string, revision: number): void {
    const versions = this.#tree.get(key)
    if (versions === undefined) return
    let visible = versions.findLastIndex(({ modRevision }) => modRevision <= revision)
    // That the key was absent needs no record.
    if (visible >= 0 && versions[visible]?.entry === undefined) visible++
    for (const version of versions.splice(0, Math.max(visible, 0))) this.#bytes -= sizeOf(key, version)
    if (versions.length === 0) this.#tree.delete(key)
  }

  /** Gives the entry that is superseded. */
  #add(key: string, version: Version): Entry | undefined {
    this.#bytes += sizeOf(key, version)
    const versions = this.#tree.get(key)
    if (versions === undefined) {
      this.#tree.set(key, [version])
      return undefined
    }
    const previous = versions.at(-1)?.entry
    versions.push(version)
    return previous
  }
}
