/**
 * The binary form of everything in the file. Numbers are big-endian, so that keys sort by them: revisions and
 * times take 6 bytes, the place of a write within its commit 2.
 *
 * - `keys`: key → key record, the newest state of each key
 * - `values`: reference → value record, every kept version and deletion; in this order it is the history
 * - `superseded`: key, reference → the revision that replaced this version
 * - `deadlines`: time, reference → key, of writes with a time to live
 */

/** Where a version is: its revision, and its place among the writes of that commit. */
export interface Reference {
  readonly revision: number
  readonly index: number
}

/** The newest state of a key. */
export interface KeyState extends Reference {
  readonly createRevision: number
  /** When it is to be deleted, in milliseconds since the Unix epoch; 0: never. */
  readonly deadlineMs: number
  /** Only of a write that has not reached the disk. */
  readonly value?: Uint8Array
}

/** A version, or (`deleted`) the end of one. */
export interface ValueRecord {
  readonly key: string
  readonly deleted: boolean
  readonly createRevision: number
  /** The version before; revision 0 if there was none. */
  readonly previous: Reference
  readonly value: Uint8Array
}

export const referenceBytes = 8
const keyRecordBytes = 20
const valueHeaderBytes = 17
const numberBytes = 6

const putKind = 1
const deleteKind = 2

export function writeReference(target: Buffer, offset: number, reference: Reference): number {
  target.writeUIntBE(reference.revision, offset, numberBytes)
  return target.writeUInt16BE(reference.index, offset + numberBytes)
}

export function readReference(bytes: Buffer, offset: number): Reference {
  return {
    revision: bytes.readUIntBE(offset, numberBytes),
    index: bytes.readUInt16BE(offset + numberBytes),
  }
}

export function keyRecord(state: KeyState): Buffer {
  const bytes = Buffer.allocUnsafe(keyRecordBytes)
  const end = writeReference(bytes, 0, state)
  bytes.writeUIntBE(state.createRevision, end, numberBytes)
  bytes.writeUIntBE(state.deadlineMs, end + numberBytes, numberBytes)
  return bytes
}

export function readKeyRecord(bytes: Buffer): KeyState {
  return {
    revision: bytes.readUIntBE(0, numberBytes),
    index: bytes.readUInt16BE(numberBytes),
    createRevision: bytes.readUIntBE(referenceBytes, numberBytes),
    deadlineMs: bytes.readUIntBE(referenceBytes + numberBytes, numberBytes),
  }
}

/** An upper bound for what `writeValueRecord` writes. */
export const valueRecordBound = (key: string, value: Uint8Array | undefined): number =>
  valueHeaderBytes + key.length * 3 + (value?.length ?? 0)

/** `after` is undefined for a deletion; `value` belongs to `after`. */
export function writeValueRecord(
  target: Buffer,
  offset: number,
  key: string,
  before: KeyState | undefined,
  after: KeyState | undefined,
): number {
  target[offset] = after === undefined ? deleteKind : putKind
  target.writeUIntBE(after?.createRevision ?? 0, offset + 1, numberBytes)
  target.writeUIntBE(before?.revision ?? 0, offset + 7, numberBytes)
  target.writeUInt16BE(before?.index ?? 0, offset + 13)
  const keyLength = target.write(key, offset + valueHeaderBytes)
  target.writeUInt16BE(keyLength, offset + 15)
  let end = offset + valueHeaderBytes + keyLength
  if (after?.value !== undefined) {
    target.set(after.value, end)
    end += after.value.length
  }
  return end
}

const keyEnd = (bytes: Buffer): number => valueHeaderBytes + bytes.readUInt16BE(15)

/** A copy of the value of a record that fills the first `length` bytes of what lmdb lends. */
export function copyValue(bytes: Buffer, length: number): Uint8Array {
  // A plain array: a Buffer's own slice would make Buffers, slowly.
  const lent = new Uint8Array(bytes.buffer, bytes.byteOffset, length)
  return lent.slice(keyEnd(bytes))
}

export const readCreateRevision = (bytes: Buffer): number => bytes.readUIntBE(1, numberBytes)

export function readValueRecord(bytes: Buffer): ValueRecord {
  return {
    deleted: bytes[0] === deleteKind,
    createRevision: readCreateRevision(bytes),
    previous: readReference(bytes, 7),
    key: bytes.toString('utf8', valueHeaderBytes, keyEnd(bytes)),
    value: copyValue(bytes, bytes.length),
  }
}

/** A key's bytes, with NUL as 00 ff, so that what follows after a 00 sorts below all longer keys. */
function escapeKey(key: string): Buffer {
  const bytes = Buffer.from(key)
  if (!bytes.includes(0)) return bytes
  return Buffer.from(bytes.toString('latin1').replaceAll('\0', '\0\xff'), 'latin1')
}

/** A reference begins with a byte below 80, an escaped NUL ends with one above. */
const afterAllVersions = Buffer.from([0, 0x80])

export function supersededKey(key: string, reference: Reference): Buffer {
  const escaped = escapeKey(key)
  const bytes = Buffer.alloc(escaped.length + 1 + referenceBytes)
  bytes.set(escaped)
  writeReference(bytes, escaped.length + 1, reference)
  return bytes
}

/** Where the versions of keys under `prefix`, and above `after`, begin. */
export const supersededStart = (prefix: string, after: string | undefined): Buffer =>
  after === undefined ? escapeKey(prefix) : Buffer.concat([escapeKey(after), afterAllVersions])

export function readSupersededKey(bytes: Buffer): Reference & { readonly key: string } {
  const end = bytes.length - referenceBytes - 1
  const key =
    bytes.includes(0) && bytes.indexOf(0) < end ? unescapeKey(bytes, end) : bytes.toString('utf8', 0, end)
  return { ...readReference(bytes, end + 1), key }
}

const unescapeKey = (bytes: Buffer, end: number): string =>
  Buffer.from(bytes.toString('latin1', 0, end).replaceAll('\0\xff', '\0'), 'latin1').toString()

export function deadlineKey(deadlineMs: number, reference: Reference): Buffer {
  const bytes = Buffer.alloc(numberBytes + referenceBytes)
  bytes.writeUIntBE(deadlineMs, 0, numberBytes)
  writeReference(bytes, numberBytes, reference)
  return bytes
}

export const readDeadlineKey = (bytes: Buffer): Reference & { readonly deadlineMs: number } => ({
  ...readReference(bytes, numberBytes),
  deadlineMs: bytes.readUIntBE(0, numberBytes),
})

export function revisionBytes(revision: number): Buffer {
  const bytes = Buffer.alloc(numberBytes)
  bytes.writeUIntBE(revision, 0, numberBytes)
  return bytes
}

export const readRevision = (bytes: Buffer): number => bytes.readUIntBE(0, numberBytes)

/** What the store as a whole has come to. */
export interface StoreState {
  readonly revision: number
  readonly compactedRevision: number
  /** Everything that the compaction to this revision forgets is gone from the file. */
  readonly scrubbedRevision: number
}

export function stateBytes(state: StoreState): Buffer {
  const { revision, compactedRevision, scrubbedRevision } = state
  return Buffer.concat([revision, compactedRevision, scrubbedRevision].map(revisionBytes))
}

export const readState = (bytes: Buffer): StoreState => ({
  revision: bytes.readUIntBE(0, numberBytes),
  compactedRevision: bytes.readUIntBE(numberBytes, numberBytes),
  scrubbedRevision: bytes.readUIntBE(2 * numberBytes, numberBytes),
})
