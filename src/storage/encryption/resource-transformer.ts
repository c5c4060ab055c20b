import { messageOf } from '../../base/message-of.ts'
import type { ValueTransformer } from '../transformed-storage.ts'
import { UnreadableValue } from '../unreadable-value.ts'

/** Whose values a transformer is for: `secrets`, `deployments.apps`, `*.apps`, `*.` (the core group), `*.*`. */
export interface ResourceRule {
  readonly resources: readonly string[]
  /** `resource`: as metrics name it, `deployments.apps`. */
  readonly transformerOf: (resource: string) => ValueTransformer
}

/** What a key of the store is about. */
export interface KeyResource {
  readonly group: string
  readonly resource: string
}

const qualified = ({ group, resource }: KeyResource): string =>
  group === '' ? resource : `${resource}.${group}`

function covers(pattern: string, of: KeyResource): boolean {
  if (pattern === '*.*') return true
  if (pattern.startsWith('*.')) return pattern.slice(2) === of.group
  return pattern === qualified(of)
}

const plain: ValueTransformer = {
  toStorage: (_key, value) => value,
  fromStorage: (_key, stored) => stored,
}

/** Asks the first rule that covers a key's resource; the rest is stored as it is. */
export class ResourceTransformer implements ValueTransformer {
  readonly #resourceOf: (key: string) => { readonly prefix: string; readonly of: KeyResource } | undefined
  readonly #onError: (key: string, error: unknown) => void
  #rules: readonly ResourceRule[]
  #known = new Map<string, ValueTransformer>()

  constructor(
    rules: readonly ResourceRule[],
    resourceOf: (key: string) => { readonly prefix: string; readonly of: KeyResource } | undefined,
    onError: (key: string, error: unknown) => void,
  ) {
    this.#rules = rules
    this.#resourceOf = resourceOf
    this.#onError = onError
  }

  /** From now on. */
  replace(rules: readonly ResourceRule[]): void {
    this.#rules = rules
    this.#known = new Map()
  }

  toStorage(key: string, value: Uint8Array): Uint8Array {
    return this.#for(key).toStorage(key, value)
  }

  /** Bytes that nobody can decrypt stay as they are, and say why. */
  fromStorage(key: string, stored: Uint8Array): Uint8Array {
    try {
      return this.#for(key).fromStorage(key, stored)
    } catch (error) {
      this.#onError(key, error)
      return new UnreadableValue(stored, messageOf(error))
    }
  }

  /** What nobody can decrypt is not written anew, either. */
  isStale(key: string, stored: Uint8Array): boolean {
    try {
      return this.#for(key).isStale?.(key, stored) === true
    } catch {
      return false
    }
  }

  prepare(stored: Uint8Array, key: string): Promise<void> | undefined {
    return this.#for(key).prepare?.(stored, key)
  }

  #for(key: string): ValueTransformer {
    const found = this.#resourceOf(key)
    if (found === undefined) return plain
    const known = this.#known.get(found.prefix)
    if (known !== undefined) return known
    const rule = this.#rules.find(({ resources }) => resources.some((pattern) => covers(pattern, found.of)))
    const transformer = rule?.transformerOf(qualified(found.of)) ?? plain
    this.#known.set(found.prefix, transformer)
    return transformer
  }
}
