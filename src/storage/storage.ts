/** One key's newest state, or its state at the revision that was asked for. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** The revision of the commit that wrote this value. */
  readonly modRevision: number
  /** The revision of the commit that created the key (since it was last absent). */
  readonly createRevision: number
}

export interface PutWrite {
  readonly type: 'put'
  readonly key: string
  readonly value: Uint8Array
  /** The key is deleted by the store, as a commit of its own, that many milliseconds after the write. */
  readonly timeToLiveMs?: number
}

export interface DeleteWrite {
  readonly type: 'delete'
  readonly key: string
}

export type Write = PutWrite | DeleteWrite

/** What must hold for a commit to happen: the key's modRevision, 0 for a key that must be absent. */
export interface Guard {
  readonly key: string
  readonly modRevision: number
}

/** `entry` is the new state (absent: the key was deleted), `previous` the state before it. */
export interface Change {
  readonly key: string
  readonly entry?: Entry
  readonly previous?: Entry
}

/** All changes of one revision under the watched prefix; without changes it reports progress: everything up to `revision` has been delivered. */
export interface Batch {
  readonly revision: number
  readonly changes: readonly Change[]
}

export interface RangeOptions {
  /** Exclusive lower bound, a full key. */
  readonly after?: string
  readonly limit?: number
  /** Read as of this revision; the newest when absent. */
  readonly revision?: number
}

export interface RangeResult {
  /** Ascending by key (bytewise). */
  readonly entries: readonly Entry[]
  /** The revision that was read. */
  readonly revision: number
  readonly more: boolean
}

export interface WatchOptions {
  /** Exclusive: the first batch delivered has a greater revision. Absent: from now on. */
  readonly after?: number
  readonly signal: AbortSignal
  /** False: nobody looks at what was there before, and changes may come without it, which saves reading it. */
  readonly previous?: boolean
}

/**
 * A revisioned, multi-version key-value store. Revisions are whole numbers that grow by one with each commit that
 * changes something (whether one that changes nothing has its own is the store's affair) and start above 0. Keys are non-empty strings of at most 1,900 bytes in UTF-8; the caller does not reuse a
 * value's bytes.
 *
 * - Durable before visible: `commit` resolves, and readers and watchers see the write, only after it has
 *   reached the disk (where there is one).
 * - Guards are checked against everything committed before, flushed or not.
 * - Reads and watches work from any revision since the last compaction; older ones throw CompactedError,
 *   revisions from the future FutureRevisionError.
 */
export interface Storage {
  /** The newest visible revision. Linearizable. */
  currentRevision(): Promise<number>
  get(key: string): Promise<Entry | undefined>
  range(prefix: string, options?: RangeOptions): Promise<RangeResult>
  /**
   * All or nothing; resolves to the commit's revision. Throws GuardFailedError, QuotaExceededError, StorageFullError;
   * a store behind a connection also StorageUnavailableError and StorageTimeoutError, as reads do.
   */
  commit(writes: readonly Write[], guards?: readonly Guard[]): Promise<number>
  /** Never splits a revision. Throws CompactedError when it starts, or falls, behind the compaction. */
  watch(prefix: string, options: WatchOptions): AsyncIterable<Batch>
  /** Whether the key's value would be stored otherwise were it written now, such as by another key. Absent: never. */
  isStale?(key: string): Promise<boolean>
  /** Forgets what is needed only for reads below `revision`. */
  compact(revision: number): Promise<void>
  /** Reads of revisions before it throw CompactedError; 0 where nothing has been compacted, as far as is known. */
  readonly compactedRevision: number
  close(): Promise<void>
}

export class StorageError extends Error {
  override readonly name: string = 'StorageError'
}

/** The revision has been compacted: read again from the newest. */
export class CompactedError extends StorageError {
  override readonly name = 'CompactedError'
  readonly compactedRevision: number
  constructor(compactedRevision: number) {
    super(`the revision has been compacted (oldest is ${compactedRevision})`)
    this.compactedRevision = compactedRevision
  }
}

export class FutureRevisionError extends StorageError {
  override readonly name = 'FutureRevisionError'
  readonly currentRevision: number
  constructor(currentRevision: number) {
    super(`the revision is in the future (newest is ${currentRevision})`)
    this.currentRevision = currentRevision
  }
}

/** A guard did not hold. `current` is the key's state that was seen, absent if the key is. */
export class GuardFailedError extends StorageError {
  override readonly name = 'GuardFailedError'
  readonly key: string
  readonly current: Entry | undefined
  constructor(key: string, current: Entry | undefined) {
    super(`${key} is at revision ${current?.modRevision ?? 0}`)
    this.key = key
    this.current = current
  }
}

/** The value is larger than stores take. */
export class ObjectTooLargeError extends StorageError {
  override readonly name = 'ObjectTooLargeError'
}

/** The store has reached its quota; upstream's text. Deletes and compaction still work. */
export class QuotaExceededError extends StorageError {
  override readonly name = 'QuotaExceededError'
  constructor() {
    super('etcdserver: mvcc: database space exceeded')
  }
}

/** The disk is full: nothing was written, reads go on. */
export class StorageFullError extends StorageError {
  override readonly name = 'StorageFullError'
}

/** The store cannot be reached, or cannot answer now. Whether a commit has happened is unknown. */
export class StorageUnavailableError extends StorageError {
  override readonly name = 'StorageUnavailableError'
}

/** The store has not answered in time. Whether a commit has happened is unknown. */
export class StorageTimeoutError extends StorageError {
  override readonly name = 'StorageTimeoutError'
}

/** The file is not one of ours, or damaged. */
export class StorageCorruptError extends StorageError {
  override readonly name = 'StorageCorruptError'
}
