import type { Transaction } from 'lmdb'
import type { Host } from '../../base/host.ts'
import { compareKeys } from '../compare-keys.ts'
import type { Batch, Change, Entry } from '../storage.ts'
import { StorageCorruptError } from '../storage.ts'
import type { HistoryChunk } from '../watch-hub.ts'
import type { Environment } from './environment.ts'
import type { Overlay } from './pending-keys.ts'
import {
  copyValue,
  type KeyState,
  type Reference,
  readCreateRevision,
  readDeadlineKey,
  readReference,
  readRevision,
  readSupersededKey,
  readValueRecord,
  referenceBytes,
  supersededStart,
  type ValueRecord,
  writeReference,
} from './records.ts'

export interface RangeQuery {
  readonly prefix: string
  readonly after: string | undefined
  /** 0: no limit. */
  readonly limit: number
}

interface Found {
  readonly entries: readonly Entry[]
  readonly more: boolean
}

type Deadline = Located & { readonly deadlineMs: number }
type Located = Reference & { readonly key: string }

/** How long a read may hold the event loop, and how often it looks at the clock. */
const sliceMs = 4
const entriesPerLook = 64
/** What one turn reads of the history, unless one revision alone has more. */
const historyRecords = 512
const historyBytes = 4 * 2 ** 20

/** Reads of the file. Synchronous but for ranges, which let others have their turn. */
export class Reader {
  readonly #host: Host
  readonly #path: string
  readonly #env: Environment
  /** Handed to lmdb, which copies it at once. */
  readonly #referenceKey = Buffer.alloc(referenceBytes)

  constructor(host: Host, path: string, env: Environment) {
    this.#host = host
    this.#path = path
    this.#env = env
  }

  /** The newest state in the file, which may not be visible yet. */
  lookup(key: string): KeyState | undefined {
    return this.#env.keys.get(key)
  }

  entry(key: string, reference: Reference, snapshot?: { readonly transaction: Transaction }): Entry {
    writeReference(this.#referenceKey, 0, reference)
    const bytes = this.#env.values.getBinaryFast(this.#referenceKey, snapshot)
    if (bytes === undefined) {
      throw new StorageCorruptError(`${this.#path} lacks revision ${reference.revision} of ${key}`)
    }
    return {
      key,
      value: copyValue(bytes, bytes.length),
      modRevision: reference.revision,
      createRevision: readCreateRevision(bytes),
    }
  }

  /** The newest of what readers may see: the file with `overlay` in place of keys that are being written. */
  newest(query: RangeQuery, overlay: readonly Overlay[]): Promise<Found> {
    return this.#collect(query, (transaction) => this.#newestKeys(query, overlay, transaction))
  }

  at(query: RangeQuery, revision: number): Promise<Found> {
    return this.#collect(query, (transaction) =>
      merge(this.#unchangedKeys(query, revision, transaction), this.#oldKeys(query, revision, transaction)),
    )
  }

  async #collect(
    { limit }: RangeQuery,
    locate: (transaction: Transaction) => Iterable<Located>,
  ): Promise<Found> {
    const transaction = this.#env.root.useReadTransaction()
    const snapshot = { transaction }
    try {
      const entries: Entry[] = []
      let sliceStartMs = this.#host.monotonicMs()
      for (const located of locate(transaction)) {
        if (limit > 0 && entries.length === limit) return { entries, more: true }
        entries.push(this.entry(located.key, located, snapshot))
        if (entries.length % entriesPerLook !== 0) continue
        if (this.#host.monotonicMs() - sliceStartMs < sliceMs) continue
        await this.#host.nextTurn()
        sliceStartMs = this.#host.monotonicMs()
      }
      return { entries, more: false }
    } finally {
      transaction.done()
    }
  }

  *#currentKeys({ prefix, after }: RangeQuery, transaction: Transaction) {
    const start = after !== undefined && compareKeys(after, prefix) >= 0 ? `${after}\0` : prefix
    for (const { key, value } of this.#env.keys.getRange({ start, transaction })) {
      if (!key.startsWith(prefix)) return
      yield { key, ...value }
    }
  }

  *#newestKeys(query: RangeQuery, overlay: readonly Overlay[], transaction: Transaction): Generator<Located> {
    let next = 0
    for (const current of this.#currentKeys(query, transaction)) {
      let covered = false
      for (let over = overlay[next]; over !== undefined; over = overlay[++next]) {
        const order = compareKeys(over.key, current.key)
        if (order > 0) break
        covered ||= order === 0
        if (over.state !== undefined) yield { key: over.key, ...over.state }
      }
      if (!covered) yield current
    }
    for (const { key, state } of overlay.slice(next)) if (state !== undefined) yield { key, ...state }
  }

  *#unchangedKeys(query: RangeQuery, revision: number, transaction: Transaction): Generator<Located> {
    for (const current of this.#currentKeys(query, transaction)) {
      if (current.revision <= revision) yield current
    }
  }

  /** The versions that were the newest at `revision` and are not any more. */
  *#oldKeys({ prefix, after }: RangeQuery, revision: number, transaction: Transaction): Generator<Located> {
    const above = after !== undefined && compareKeys(after, prefix) >= 0 ? after : undefined
    const start = supersededStart(prefix, above)
    for (const { key: bytes, value } of this.#env.superseded.getRange({ start, transaction })) {
      const located = readSupersededKey(Buffer.from(bytes))
      if (!located.key.startsWith(prefix)) return
      if (located.revision <= revision && readRevision(value) > revision) yield located
    }
  }

  /** What changed after `after`, up to and including `visible`, as much of it as one turn should read. */
  history(prefix: string, after: number, visible: number): HistoryChunk {
    const batches: Batch[] = []
    let changes: Change[] = []
    let revision = after
    let records = 0
    let bytes = 0
    const finish = (): void => {
      if (changes.length > 0) batches.push({ revision, changes })
      changes = []
    }
    for (const { reference, record } of this.records(after, visible)) {
      if (reference.revision !== revision) {
        finish()
        if (records >= historyRecords || bytes >= historyBytes) {
          return { batches, upTo: reference.revision - 1 }
        }
        revision = reference.revision
      }
      records++
      if (!record.key.startsWith(prefix)) continue
      changes.push(this.#change(reference, record))
      bytes += record.value.length
    }
    finish()
    return { batches, upTo: visible }
  }

  #change({ revision }: Reference, { key, value, deleted, createRevision, previous }: ValueRecord): Change {
    const before = previous.revision === 0 ? {} : { previous: this.entry(key, previous) }
    if (deleted) return { key, ...before }
    return { key, entry: { key, value, modRevision: revision, createRevision }, ...before }
  }

  /** The earliest ones. */
  deadlines(limit: number): readonly Deadline[] {
    const deadlines: Deadline[] = []
    for (const { key, value } of this.#env.deadlines.getRange({ start: Buffer.alloc(1) })) {
      if (deadlines.length === limit) break
      deadlines.push({ ...readDeadlineKey(Buffer.from(key)), key: value.toString() })
    }
    return deadlines
  }

  /** All records after `after`, up to and including `last`, in order. */
  *records(after: number, last: number): Generator<{ reference: Reference; record: ValueRecord }> {
    const start = Buffer.alloc(referenceBytes)
    writeReference(start, 0, { revision: after + 1, index: 0 })
    for (const { key, value } of this.#env.values.getRange({ start })) {
      const reference = readReference(Buffer.from(key), 0)
      if (reference.revision > last) return
      yield { reference, record: readValueRecord(value) }
    }
  }
}

/** Two sequences without a common key, each in the order of keys, as one. */
function* merge(a: Iterator<Located>, b: Iterator<Located>): Generator<Located> {
  let nextA = a.next()
  let nextB = b.next()
  while (nextA.done !== true || nextB.done !== true) {
    if (nextB.done === true || (nextA.done !== true && compareKeys(nextA.value.key, nextB.value.key) < 0)) {
      if (nextA.done !== true) yield nextA.value
      nextA = a.next()
    } else {
      yield nextB.value
      nextB = b.next()
    }
  }
}
