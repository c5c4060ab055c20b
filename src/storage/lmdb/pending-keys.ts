import { compareKeys } from '../compare-keys.ts'
import type { KeyState } from './records.ts'

export interface PendingKey {
  /** What readers see; undefined: the key is absent for them. */
  visible: KeyState | undefined
  /** What guards see. */
  newest: KeyState | undefined
  /** The revision that made `newest`, also when that deleted the key. */
  newestRevision: number
}

/** A state of a key that readers see in place of the file's. */
export interface Overlay {
  readonly key: string
  readonly state: KeyState | undefined
}

/** The keys with commits that are not visible yet. */
export class PendingKeys {
  readonly #keys = new Map<string, PendingKey>()

  get(key: string): PendingKey | undefined {
    return this.#keys.get(key)
  }

  /** A commit has changed `key` from `before` to `after`. */
  write(key: string, before: KeyState | undefined, after: KeyState | undefined, revision: number): void {
    const pending = this.#keys.get(key)
    if (pending === undefined) {
      this.#keys.set(key, { visible: before, newest: after, newestRevision: revision })
      return
    }
    pending.newest = after
    pending.newestRevision = revision
  }

  /** The commit that did that is visible now. */
  publish(key: string, after: KeyState | undefined, revision: number): void {
    const pending = this.#keys.get(key)
    if (pending === undefined) return
    if (pending.newestRevision === revision) this.#keys.delete(key)
    else pending.visible = after
  }

  /** None of the commits that are not visible has happened. */
  clear(): void {
    this.#keys.clear()
  }

  /** What readers see of the keys under `prefix` and above `after`, in the order of keys. */
  overlay(prefix: string, after: string | undefined): readonly Overlay[] {
    const overlay: Overlay[] = []
    for (const [key, { visible }] of this.#keys) {
      if (!key.startsWith(prefix)) continue
      if (after === undefined || compareKeys(key, after) > 0) overlay.push({ key, state: visible })
    }
    return overlay.sort((a, b) => compareKeys(a.key, b.key))
  }
}
