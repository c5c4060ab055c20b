import type { Entry } from '../storage.ts'
import type { KeyValue } from './messages.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export const encodeKey = (key: string): Uint8Array => encoder.encode(key)
export const decodeKey = (key: Uint8Array): string => decoder.decode(key)

/** As a range's first key: the least there is. As its end: behind all keys. */
const zero = Uint8Array.of(0)

export interface KeyRange {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
}

export const everything: KeyRange = { key: zero, rangeEnd: zero }

/** Behind all keys with this prefix: UTF-8 has no byte 255, so the last one can be raised. */
function prefixEnd(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice()
  end[end.length - 1] = (prefix.at(-1) ?? 0) + 1
  return end
}

/** The keys with a prefix; behind `after`, where given. */
export function prefixRange(prefix: string, after: string | undefined): KeyRange {
  const key = encodeKey(prefix)
  const rangeEnd = key.length === 0 ? zero : prefixEnd(key)
  const behind = after === undefined ? undefined : encodeKey(`${after}\0`)
  if (behind !== undefined && Buffer.compare(behind, key) > 0) return { key: behind, rangeEnd }
  return { key: key.length === 0 ? zero : key, rangeEnd }
}

export function entryOf({ key, value, modRevision, createRevision }: KeyValue): Entry {
  return { key: decodeKey(key), value, modRevision, createRevision }
}
