import { open, type RootDatabase } from 'lmdb'
import { StorageCorruptError } from '../storage.ts'
import { checkFile } from './check-file.ts'
import { type KeyState, keyRecord, readKeyRecord, readState, type StoreState, stateBytes } from './records.ts'
import type { Table } from './table.ts'

/** What is in `store.lmdb`; see records.ts for the tables. */
export interface Environment {
  readonly root: RootDatabase<Buffer, string>
  readonly keys: Table<string, KeyState>
  readonly values: Table<Uint8Array>
  readonly superseded: Table<Uint8Array>
  readonly deadlines: Table<Uint8Array>
  /** Small single records: `format`, `state`, `owner`. */
  readonly meta: Table<string>
}

/** Changes with the layout of records.ts. */
const format = 'timonel store 1'

/** An empty store is at revision 1, as etcd's is. */
const emptyState: StoreState = { revision: 1, compactedRevision: 0, scrubbedRevision: 0 }

/** Three objects of 4 KiB fill one page; with smaller pages each would take whole pages of its own. */
const pageSize = 16384

/** Keys of the API are ASCII but for odd names; the bytes of UTF-8 sort as the contract wants. */
const textKeys = {
  writeKey: (key: string, target: Buffer, position: number): number => position + target.write(key, position),
  readKey: (source: Buffer, start: number, end: number): string => source.toString('utf8', start, end),
}

/** Decodes what lmdb lends, so that nothing is copied. */
const keyStates = { encode: keyRecord, decode: readKeyRecord }

/**
 * Opens or creates the file. Throws StorageCorruptError when it is not one of ours, or damaged. `unsynced`: what is committed
 * may be lost, and the file with it, when the machine ends suddenly.
 */
export function openEnvironment(path: string, mapSizeBytes: number, unsynced = false): Environment {
  checkFile(path)
  const root = openFile(path, mapSizeBytes, unsynced)
  const text = { encoding: 'binary', keyEncoder: textKeys } as const
  const states = { ...text, encoder: keyStates }
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
  return {
    root,
    keys: root.openDB<KeyState, string>('keys', states),
    values: root.openDB<Buffer, Uint8Array>('values', binary),
    superseded: root.openDB<Buffer, Uint8Array>('superseded', binary),
    deadlines: root.openDB<Buffer, Uint8Array>('deadlines', binary),
    meta: root.openDB<Buffer, string>('meta', text),
  }
}

function openFile(path: string, mapSizeBytes: number, unsynced: boolean): RootDatabase<Buffer, string> {
  try {
    return open<Buffer, string>({
      path,
      noSubdir: true,
      pageSize,
      mapSize: mapSizeBytes,
      maxDbs: 8,
      encoding: 'binary',
      // Each transaction is synced before it is committed, and so before any reader can see it; its order is
      // LMDB's classic one (data, sync, meta page with O_DSYNC), which survives the loss of power.
      overlappingSync: false,
      noSync: unsynced,
      // Batches are made here, not by turns of the event loop.
      eventTurnBatching: false,
    })
  } catch (error) {
    throw new StorageCorruptError(
      `${path} cannot be opened: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** The state of an opened file; a new one is given its format first. */
export function loadState(path: string, { meta, root }: Environment): StoreState {
  const found = meta.get('format')?.toString()
  const state = meta.get('state')
  if (found === undefined && state === undefined) {
    root.transactionSync(() => {
      meta.putSync('format', Buffer.from(format))
      meta.putSync('state', stateBytes(emptyState))
    })
    return emptyState
  }
  if (found !== format || state === undefined) {
    throw new StorageCorruptError(
      `${path} has the format "${found ?? ''}", but this version reads "${format}"`,
    )
  }
  return readState(state)
}
