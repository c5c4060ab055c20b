import type { Host } from '../../base/host.ts'
import type { ValueTransformer } from '../transformed-storage.ts'
import { byPrefix, type PrefixObserver, type Provider } from './by-prefix.ts'
import type { TransformationMetrics } from './transformation-metrics.ts'
import type { ValueCipher } from './value-cipher.ts'

/** Several keys of one algorithm, which values name behind the provider's prefix. */
export interface KeyedProvider {
  readonly prefix: string
  readonly keys: readonly { readonly name: string; readonly cipher: ValueCipher }[]
  /** `AES`, `Secretbox`: as errors name it. */
  readonly algorithm: string
}

export interface PrefixTransformerOptions {
  readonly host: Host
  readonly metrics: TransformationMetrics
  /** As metrics name whose values they are: `deployments.apps`. */
  readonly resource: string
}

/** Values of one kind of resource: the first provider writes, each may read what has its prefix. */
export function prefixTransformer(
  providers: readonly (Provider | KeyedProvider)[],
  { host, metrics, resource }: PrefixTransformerOptions,
): ValueTransformer {
  const observer: PrefixObserver = {
    now: () => host.monotonicMs(),
    done: (type, prefix, startedMs, error) => {
      if (error === undefined) metrics.succeeded(resource, type, prefix, host.monotonicMs() - startedMs)
      else metrics.failed(resource, type, prefix, error)
    },
  }
  const plain = providers.map((provider): Provider => {
    if (!('keys' in provider)) return provider
    const keys = provider.keys.map(({ name, cipher }) => ({ prefix: `${name}:`, cipher }))
    const missing = `no matching key was found for the provided ${provider.algorithm} transformer`
    return { prefix: provider.prefix, cipher: byPrefix(keys, missing, observer) }
  })
  const all = byPrefix(plain, 'no matching prefix found', observer)
  return {
    toStorage: all.encrypt,
    fromStorage: all.decrypt,
    isStale: (key, stored) => all.isStale?.(key, stored) === true,
    prepare: (stored) => all.prepare?.(stored),
  }
}
