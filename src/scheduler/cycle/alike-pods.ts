import { LruMap } from '../../base/lru-map.ts'
import type { NodeTable } from '../node-table.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Profile } from '../profile.ts'
import { inPlugin } from './plugin-error.ts'
import { SharedWork } from './shared-work.ts'

/** Sorts of pods whose work is kept: some 50 bytes a node each. */
const maxSorts = 16
/** Sorts of which one pod has been seen. */
const maxSeen = 1_024

/** Finds what was worked out for earlier pods of the same sort. A sort's first pod costs nothing but its name. */
export class AlikePods {
  readonly #table: NodeTable
  readonly #sorts = new LruMap<string, SharedWork>(maxSorts)
  readonly #seen = new LruMap<string, true>(maxSeen)

  constructor(table: NodeTable) {
    this.#table = table
  }

  /** Undefined: no other was seen yet. Throws PluginError. */
  find(pod: PodInfo, profile: Profile): SharedWork | undefined {
    const signed = new Set<string>()
    const parts: unknown[] = [profile.schedulerName]
    for (const plugin of profile.signing) {
      const part = inPlugin(`signing a pod for plugin "${plugin.name}"`, () => plugin.sign?.(pod))
      parts.push(part === undefined ? [] : [part])
      if (part !== undefined) signed.add(plugin.name)
    }
    const key = JSON.stringify(parts)
    let work = this.#sorts.get(key)
    if (work === undefined) {
      if (this.#seen.get(key) === undefined) {
        this.#seen.set(key, true)
        return undefined
      }
      work = new SharedWork(this.#table, signed)
      this.#sorts.set(key, work)
    }
    work.begin()
    return work
  }
}
