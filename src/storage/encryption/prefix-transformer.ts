import { messageOf } from '../../base/message-of.ts'
import type { ValueTransformer } from '../transformed-storage.ts'
import type { ValueCipher } from './value-cipher.ts'

/** A cipher and what the values begin with that it has encrypted; '' for none at all. */
export interface Provider {
  readonly prefix: string
  /** Absent: values stay as they are. */
  readonly cipher?: ValueCipher
}

const encoder = new TextEncoder()
const anyPrefix = encoder.encode('k8s:enc:')

const startsWith = (value: Uint8Array, prefix: Uint8Array): boolean =>
  prefix.every((byte, at) => value[at] === byte)

/** Values of one kind of resource: the first provider writes, each may read what has its prefix. */
export function prefixTransformer(providers: readonly Provider[]): ValueTransformer {
  const all = providers.map(({ prefix, cipher }) => ({ prefix: encoder.encode(prefix), cipher }))
  const [first] = all
  const read = (key: string, stored: Uint8Array): { readonly value: Uint8Array; readonly stale: boolean } => {
    const errors: string[] = []
    for (const [at, { prefix, cipher }] of all.entries()) {
      if (!startsWith(stored, prefix)) continue
      if (cipher === undefined) {
        // Somebody else's turn, if there is anybody.
        if (startsWith(stored, anyPrefix)) continue
        return { value: stored, stale: at > 0 }
      }
      try {
        const data = stored.subarray(prefix.length)
        const value = cipher.decrypt(key, data)
        return { value, stale: at > 0 || cipher.isStale?.(data) === true }
      } catch (error) {
        errors.push(messageOf(error))
      }
    }
    const unique = [...new Set(errors)]
    if (unique.length > 1) throw new Error(`[${unique.join(', ')}]`)
    throw new Error(unique[0] ?? 'no matching prefix found')
  }
  return {
    toStorage: (key, value) => {
      if (first?.cipher === undefined) return value
      const data = first.cipher.encrypt(key, value)
      const stored = new Uint8Array(first.prefix.length + data.length)
      stored.set(first.prefix)
      stored.set(data, first.prefix.length)
      return stored
    },
    fromStorage: (key, stored) => read(key, stored).value,
    isStale: (key, stored) => read(key, stored).stale,
    prepare: (stored) => {
      const waits = all.flatMap(({ prefix, cipher }) =>
        startsWith(stored, prefix) ? (cipher?.prepare?.(stored.subarray(prefix.length)) ?? []) : [],
      )
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => {})
    },
  }
}
