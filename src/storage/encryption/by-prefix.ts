import { messageOf } from '../../base/message-of.ts'
import type { ValueCipher } from './value-cipher.ts'

/** A cipher and what the values begin with that it has encrypted; '' for none at all. */
export interface Provider {
  readonly prefix: string
  /** Absent: values stay as they are. */
  readonly cipher?: ValueCipher
}

/** Tells somebody of a transformation by the provider with that prefix. */
export interface PrefixObserver {
  now(): number
  done(type: 'from_storage' | 'to_storage', prefix: string, startedMs: number, error?: unknown): void
}

const encoder = new TextEncoder()
const anyPrefix = encoder.encode('k8s:enc:')

const startsWith = (value: Uint8Array, prefix: Uint8Array): boolean =>
  prefix.every((byte, at) => value[at] === byte)

/** What was read, and by the how-manieth provider. */
interface Read {
  readonly value: Uint8Array
  readonly at: number
}

/**
 * The first provider encrypts, and each may decrypt what has its prefix. `missing` is what is said of values that none
 * knows.
 */
export function byPrefix(
  providers: readonly Provider[],
  missing: string,
  observer?: PrefixObserver,
): ValueCipher {
  const all = providers.map(({ prefix, cipher }) => ({
    text: prefix,
    prefix: encoder.encode(prefix),
    cipher,
  }))
  const [first] = all
  const read = (key: string, stored: Uint8Array): Read => {
    const startedMs = observer?.now() ?? 0
    const errors: unknown[] = []
    for (const [at, { text, prefix, cipher }] of all.entries()) {
      if (!startsWith(stored, prefix)) continue
      if (cipher === undefined) {
        // Somebody else's turn, if there is anybody.
        if (startsWith(stored, anyPrefix)) continue
        observer?.done('from_storage', 'identity', startedMs)
        return { value: stored, at }
      }
      try {
        const value = cipher.decrypt(key, stored.subarray(prefix.length))
        observer?.done('from_storage', text, startedMs)
        return { value, at }
      } catch (error) {
        observer?.done('from_storage', text, startedMs, error)
        errors.push(error)
      }
    }
    if (errors.length > 0) throw together(errors)
    const error = new Error(missing)
    observer?.done('from_storage', 'unknown', startedMs, error)
    throw error
  }
  return {
    encrypt: (key, value) => {
      const startedMs = observer?.now() ?? 0
      try {
        const stored =
          first?.cipher === undefined ? value : joined(first.prefix, first.cipher.encrypt(key, value))
        observer?.done('to_storage', first?.text ?? '', startedMs)
        return stored
      } catch (error) {
        observer?.done('to_storage', first?.text ?? '', startedMs, error)
        throw error
      }
    },
    decrypt: (key, stored) => read(key, stored).value,
    isStale: (key, stored) => {
      const { at } = read(key, stored)
      return at > 0 || first?.cipher?.isStale?.(key, stored.subarray(first.prefix.length)) === true
    },
    prepare: (stored) => {
      const waits = all.flatMap(({ prefix, cipher }) =>
        startsWith(stored, prefix) ? (cipher?.prepare?.(stored.subarray(prefix.length)) ?? []) : [],
      )
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => {})
    },
  }
}

function joined(prefix: Uint8Array, data: Uint8Array): Uint8Array {
  const stored = new Uint8Array(prefix.length + data.length)
  stored.set(prefix)
  stored.set(data, prefix.length)
  return stored
}

/** As upstream puts errors together: each text once. */
function together(errors: readonly unknown[]): unknown {
  const unique = [...new Set(errors.map(messageOf))]
  return unique.length > 1 ? new Error(`[${unique.join(', ')}]`, { cause: errors[0] }) : errors[0]
}
