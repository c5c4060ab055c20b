import { assert } from '../base/assert.ts'
import type { Guard, Write } from './storage.ts'

/** Of the contract. */
const maxKeyBytes = 1900
/** Keeps the place of a write within its commit in two bytes. */
const maxWrites = 2 ** 16

/** Length in UTF-8, exact only where it matters. */
function keyBytes(key: string): number {
  return key.length * 3 <= maxKeyBytes ? key.length : new TextEncoder().encode(key).length
}

/** What every implementation demands of its caller: programmer errors, not input. */
export function checkCommit(writes: readonly Write[], guards: readonly Guard[]): void {
  assert(writes.length > 0 && writes.length <= maxWrites, `a commit has ${writes.length} writes`)
  for (const { key } of writes) checkKey(key)
  for (const { key } of guards) checkKey(key)
  if (writes.length === 1) return
  assert(new Set(writes.map(({ key }) => key)).size === writes.length, 'a commit writes a key twice')
}

function checkKey(key: string): void {
  assert(key.length > 0, 'a key is empty')
  assert(key.isWellFormed(), 'a key has half a surrogate pair')
  assert(keyBytes(key) <= maxKeyBytes, `a key is longer than ${maxKeyBytes} bytes`)
}
