import type { Host } from '../../base/host.ts'
import type { Change, Entry, Write } from '../storage.ts'
import type { KeyChange } from './batch-writer.ts'
import type { Reader } from './reader.ts'
import type { KeyState, Reference } from './records.ts'

/** What a write makes of a key; undefined for the deletion of one that is not there. */
export function plannedChange(
  write: Write,
  before: KeyState | undefined,
  reference: Reference,
  host: Host,
): KeyChange | undefined {
  const { key } = write
  if (write.type === 'delete') {
    return before === undefined ? undefined : { key, before, after: undefined, reference }
  }
  const { value, timeToLiveMs } = write
  const deadlineMs = timeToLiveMs === undefined ? 0 : Math.ceil(host.now() + timeToLiveMs)
  const createRevision = before?.createRevision ?? reference.revision
  return { key, before, after: { ...reference, createRevision, deadlineMs, value }, reference }
}

/** A state's value may not be in memory any more. */
function entryOf(key: string, state: KeyState, reader: Reader): Entry {
  const { value, revision, createRevision } = state
  if (value === undefined) return reader.entry(key, state)
  return { key, value, modRevision: revision, createRevision }
}

/** A change as watchers see it. */
export function visibleChange(
  { key, before, after }: KeyChange,
  wantsPrevious: boolean,
  reader: Reader,
): Change {
  const previous = wantsPrevious && before ? entryOf(key, before, reader) : undefined
  const entry = after && entryOf(key, after, reader)
  if (entry === undefined) return previous === undefined ? { key } : { key, previous }
  return previous === undefined ? { key, entry } : { key, entry, previous }
}
