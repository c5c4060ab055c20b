import type { Environment } from './environment.ts'
import {
  deadlineKey,
  type KeyState,
  type Reference,
  referenceBytes,
  revisionBytes,
  type StoreState,
  stateBytes,
  supersededKey,
  valueRecordBound,
  writeReference,
  writeValueRecord,
} from './records.ts'

/** What a commit does to one key. */
export interface KeyChange {
  readonly key: string
  readonly before: KeyState | undefined
  /** Undefined: the key is deleted. */
  readonly after: KeyState | undefined
  readonly reference: Reference
}

/** A version that nobody can see any more; its successor may be a deletion that nobody needs either. */
export interface Removal {
  readonly key: string
  readonly previous: Reference | undefined
  readonly deletion: Reference | undefined
}

export interface BatchContent {
  readonly changes: readonly KeyChange[]
  readonly removals: readonly Removal[]
  readonly state: StoreState
}

/** Room for the records of one batch; larger ones get room of their own. */
const arenaBytes = 2 ** 20

/** What one change needs, at most. */
export const changeBound = ({ key, after }: KeyChange): number => valueRecordBound(key, after?.value)

const ignore = (): void => {}

/** Turns batches into transactions of lmdb, one at a time. */
export class BatchWriter {
  readonly #env: Environment
  readonly #arena = Buffer.alloc(arenaBytes)
  readonly #key = Buffer.alloc(referenceBytes)
  #room: Buffer = this.#arena
  #used = 0

  constructor(env: Environment) {
    this.#env = env
  }

  /** Resolves when the batch is on the disk, all of it; rejects when nothing is. */
  async write({ changes, removals, state }: BatchContent): Promise<void> {
    let needed = 0
    for (const change of changes) needed += changeBound(change)
    this.#room = needed <= arenaBytes ? this.#arena : Buffer.allocUnsafeSlow(needed)
    this.#used = 0
    await this.#env.root.batch(() => {
      for (const change of changes) this.#change(change)
      for (const removal of removals) this.#remove(removal)
      this.#env.meta.put('state', stateBytes(state))
    })
    this.#room = this.#arena
  }

  #change({ key, before, after, reference }: KeyChange): void {
    const { keys, values, superseded, deadlines } = this.#env
    const start = this.#used
    this.#used = writeValueRecord(this.#room, start, key, before, after)
    const record = this.#room.subarray(start, this.#used)
    // Appending fills pages to the brim. lmdb promises something for each such put, the same as for the batch.
    values.put(this.#referenceKey(reference), record, { append: true }).catch(ignore)
    if (after === undefined) keys.remove(key)
    else {
      keys.put(key, after)
      if (after.deadlineMs > 0) deadlines.put(deadlineKey(after.deadlineMs, after), Buffer.from(key))
    }
    if (before === undefined) return
    superseded.put(supersededKey(key, before), revisionBytes(reference.revision))
    if (before.deadlineMs > 0) deadlines.remove(deadlineKey(before.deadlineMs, before))
  }

  #remove({ key, previous, deletion }: Removal): void {
    const { values, superseded } = this.#env
    if (previous !== undefined) {
      values.remove(this.#referenceKey(previous))
      superseded.remove(supersededKey(key, previous))
    }
    if (deletion !== undefined) values.remove(this.#referenceKey(deletion))
  }

  /** lmdb copies keys at once. */
  #referenceKey(reference: Reference): Buffer {
    writeReference(this.#key, 0, reference)
    return this.#key
  }
}
