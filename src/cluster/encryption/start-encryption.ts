import { readFileSync } from 'node:fs'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { HealthCheck } from '../../base/health-checks.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { aesCbc } from '../../storage/encryption/aes-cbc.ts'
import { aesGcm } from '../../storage/encryption/aes-gcm.ts'
import type { Provider } from '../../storage/encryption/by-prefix.ts'
import { EnvelopeMetrics } from '../../storage/encryption/kms/envelope-metrics.ts'
import { KmsCipher } from '../../storage/encryption/kms/kms-cipher.ts'
import { connectKms } from '../../storage/encryption/kms/kms-client.ts'
import { type KeyedProvider, prefixTransformer } from '../../storage/encryption/prefix-transformer.ts'
import {
  type KeyResource,
  type ResourceRule,
  ResourceTransformer,
} from '../../storage/encryption/resource-transformer.ts'
import { secretbox } from '../../storage/encryption/secretbox.ts'
import { TransformationMetrics } from '../../storage/encryption/transformation-metrics.ts'
import { followConfigFile } from '../access/config-file.ts'
import { serverId } from '../access/server-id.ts'
import { type EncryptedResources, encryptionConfig, type ProviderConfig } from './encryption-config.ts'

/** `--encryption-provider-config` and `--encryption-provider-config-automatic-reload`. */
export interface EncryptionFile {
  readonly path: string
  readonly reloads: boolean
}

export interface EncryptionSetup {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly file: EncryptionFile
  /** All that may be stored. */
  readonly kinds: readonly KindDeclaration[]
}

export interface StartedEncryption {
  readonly transformer: ResourceTransformer
  readonly checks: readonly HealthCheck[]
  stop(): void
}

const ciphers = { aescbc: aesCbc, aesgcm: aesGcm, secretbox } as const
const registryPrefix = '/registry/'

/** What a key of the store is about: built-in kinds have prefixes of their own, custom ones `group/resource`. */
function resourceFinder(kinds: readonly KindDeclaration[]) {
  const known = new Map<string, KeyResource>(
    kinds.map(({ storagePrefix, group, resource }) => [storagePrefix, { group, resource }]),
  )
  return (key: string): { readonly prefix: string; readonly of: KeyResource } | undefined => {
    if (!key.startsWith(registryPrefix)) return undefined
    const [first = '', second = ''] = key.slice(registryPrefix.length).split('/', 2)
    const long = `${first}/${second}`
    const ofLong = known.get(long)
    if (ofLong !== undefined) return { prefix: long, of: ofLong }
    const ofFirst = known.get(first)
    if (ofFirst !== undefined) return { prefix: first, of: ofFirst }
    return first.includes('.') ? { prefix: long, of: { group: first, resource: second } } : undefined
  }
}

interface Made {
  readonly rules: readonly ResourceRule[]
  readonly plugins: readonly KmsCipher[]
}

interface Measures {
  readonly values: TransformationMetrics
  readonly envelope: EnvelopeMetrics
}

async function make(
  { host, logger }: EncryptionSetup,
  { values, envelope }: Measures,
  config: readonly EncryptedResources[],
): Promise<Made> {
  const plugins: KmsCipher[] = []
  const randomBytes = (length: number): Uint8Array => host.randomBytes(length)
  const providerOf = (provider: ProviderConfig): Provider | KeyedProvider => {
    if (provider.type === 'identity') return { prefix: '' }
    if (provider.type === 'kms') {
      const { name, endpoint, timeoutMs } = provider
      const service = connectKms(endpoint, timeoutMs, (method, ms, error) =>
        envelope.called(name, method, ms, error),
      )
      const cipher = new KmsCipher({ ...{ host, logger, name, service, envelope }, metrics: values })
      plugins.push(cipher)
      return { prefix: `k8s:enc:kms:v2:${name}:`, cipher }
    }
    const { type, keys } = provider
    return {
      prefix: `k8s:enc:${type}:v1:`,
      keys: keys.map(({ name, secret }) => ({ name, cipher: ciphers[type](secret, randomBytes) })),
      algorithm: type === 'secretbox' ? 'Secretbox' : 'AES',
    }
  }
  const rules = config.map(({ resources, providers }): ResourceRule => {
    const all = providers.map(providerOf)
    return {
      resources,
      transformerOf: (resource) => prefixTransformer(all, { host, metrics: values, resource }),
    }
  })
  await Promise.all(plugins.map((plugin) => plugin.start()))
  return { rules, plugins }
}

/** Puts the configuration to work. Rejects with FlagError for a wrong one. */
export async function startEncryption(setup: EncryptionSetup): Promise<StartedEncryption> {
  const { host, logger, metrics, file } = setup
  const text = readFileSync(file.path, 'utf8')
  const read = (from: string): readonly EncryptedResources[] => encryptionConfig(from, file.path)
  const measures: Measures = {
    values: new TransformationMetrics(metrics),
    envelope: new EnvelopeMetrics(host, metrics, serverId()),
  }
  let made = await make(setup, measures, read(text))
  const transformer = new ResourceTransformer(made.rules, resourceFinder(setup.kinds), (key, error) =>
    logger.error('a value of the store cannot be decrypted', { key, error }),
  )
  const unfollow = file.reloads
    ? followConfigFile({
        ...{ host, logger, metrics },
        subject: 'encryption',
        file: { path: file.path, text, parse: read },
        apply: async (config) => {
          const next = await make(setup, measures, config)
          try {
            for (const plugin of next.plugins) plugin.check()
          } catch (error) {
            for (const plugin of next.plugins) plugin.stop()
            throw error
          }
          const before = made
          made = next
          transformer.replace(next.rules)
          for (const plugin of before.plugins) plugin.stop()
        },
      })
    : () => {}
  const single = (at: number): HealthCheck => ({
    name: `kms-provider-${at}`,
    check: () => made.plugins[at]?.check(),
  })
  const every: HealthCheck = {
    name: 'kms-providers',
    check: () => {
      for (const plugin of made.plugins) plugin.check()
    },
  }
  return {
    transformer,
    checks: file.reloads ? [every] : made.plugins.map((_, at) => single(at)),
    stop: () => {
      unfollow()
      for (const plugin of made.plugins) plugin.stop()
    },
  }
}
