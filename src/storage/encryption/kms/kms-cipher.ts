import { randomFillSync, randomUUID } from 'node:crypto'
import type { Host, Timer } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { LruMap } from '../../../base/lru-map.ts'
import { messageOf } from '../../../base/message-of.ts'
import { aesGcm } from '../aes-gcm.ts'
import type { TransformationMetrics } from '../transformation-metrics.ts'
import type { ValueCipher } from '../value-cipher.ts'
import {
  decodeEncryptedObject,
  type EncryptedObject,
  encodeEncryptedObject,
  keyIdProblem,
} from './encrypted-object.ts'
import { type EnvelopeMetrics, hashOf } from './envelope-metrics.ts'
import type { KmsEncrypted, KmsService } from './kms-client.ts'
import { seedBytes, seededGcm } from './seeded-gcm.ts'

/** Upstream's: how often a plugin is asked how it is, well and not well. */
const wellMs = 60_000
const unwellMs = 10_000
/** How long a seed is written with after the plugin has last said that its key is the same. */
const seedLifeMs = 3 * 60_000
const maxSeeds = 1000

interface Seed {
  readonly encrypted: KmsEncrypted
  readonly cipher: ValueCipher
  /** On the wall's clock. */
  readonly expiresMs: number
}

/** RFC 3339, to the second. */
const goTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

export interface KmsCipherOptions {
  readonly host: Host
  readonly logger: Logger
  /** Of the configuration. */
  readonly name: string
  readonly service: KmsService
  readonly metrics: TransformationMetrics
  readonly envelope: EnvelopeMetrics
}

const keyOf = ({ encryptedDEKSource, encryptedDEKSourceType, keyID, annotations }: EncryptedObject): string =>
  JSON.stringify([
    encryptedDEKSourceType,
    Buffer.from(encryptedDEKSource).toString('base64'),
    keyID,
    Object.entries(annotations)
      .map(([key, value]) => [key, Buffer.from(value).toString('base64')])
      .sort(),
  ])

/**
 * KMS v2 (KEP-3299): values are encrypted here, with keys from a seed that only the plugin can decrypt. A new seed is
 * made when the plugin's key changes; old values are read with theirs.
 */
export class KmsCipher implements ValueCipher {
  readonly #options: KmsCipherOptions
  readonly #ciphers = new LruMap<string, ValueCipher>(maxSeeds)
  /** Why keys could not be decrypted when they were asked for last. */
  readonly #failures = new LruMap<string, Error>(maxSeeds)
  #seed: Seed | undefined
  #problem: Error | undefined = new Error('the plugin has not been asked yet')
  #timer: Timer | undefined
  #stopped = false

  constructor(options: KmsCipherOptions) {
    this.#options = options
  }

  /** Asks the plugin, and goes on asking. Resolves after the first time, however that ends. */
  async start(): Promise<void> {
    const { host, name, logger } = this.#options
    try {
      await this.#look()
      this.#problem = undefined
    } catch (error) {
      this.#problem = error instanceof Error ? error : new Error(String(error))
      logger.error('a KMS plugin cannot be used', { name, error })
    }
    if (this.#stopped) return
    this.#timer = host.schedule(this.#problem === undefined ? wellMs : unwellMs, () => {
      void host.track(this.start())
    })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#options.service.close()
  }

  /** Throws what is wrong. */
  check(): void {
    if (this.#problem !== undefined) throw this.#problem
  }

  encrypt(storageKey: string, value: Uint8Array): Uint8Array {
    const seed = this.#seed
    const { host, name, envelope } = this.#options
    if (seed === undefined) throw new Error('got unexpected nil transformer', { cause: this.#problem })
    const now = host.now()
    if (now > seed.expiresMs)
      throw new Error(
        `encryptedDEKSource with keyID hash "${hashOf(seed.encrypted.keyId)}" expired at ${goTime(seed.expiresMs)} (current time is ${goTime(now)})`,
        { cause: this.#problem },
      )
    envelope.used('to_storage', name, seed.encrypted.keyId)
    return encodeEncryptedObject({
      encryptedData: seed.cipher.encrypt(storageKey, value),
      keyID: seed.encrypted.keyId,
      encryptedDEKSource: seed.encrypted.ciphertext,
      annotations: seed.encrypted.annotations,
      encryptedDEKSourceType: 1,
    })
  }

  prepare(data: Uint8Array): Promise<void> | undefined {
    let object: EncryptedObject
    try {
      object = decodeEncryptedObject(data)
    } catch {
      // Decryption says what is wrong with it.
      return undefined
    }
    const key = keyOf(object)
    return this.#ciphers.get(key) === undefined ? this.#fetch(key, object) : undefined
  }

  decrypt(storageKey: string, data: Uint8Array): Uint8Array {
    const object = decodeEncryptedObject(data)
    const key = keyOf(object)
    const cipher = this.#ciphers.get(key)
    if (cipher === undefined) throw this.#failures.get(key) ?? new Error('failed to decrypt DEK')
    this.#options.envelope.used('from_storage', this.#options.name, object.keyID)
    return cipher.decrypt(storageKey, object.encryptedData)
  }

  isStale(_storageKey: string, data: Uint8Array): boolean {
    const { keyID, encryptedDEKSourceType } = decodeEncryptedObject(data)
    return keyID !== this.#seed?.encrypted.keyId || encryptedDEKSourceType !== 1
  }

  async #fetch(key: string, object: EncryptedObject): Promise<void> {
    const { encryptedDEKSource: ciphertext, keyID: keyId, annotations } = object
    const { service, logger, name, metrics } = this.#options
    metrics.cacheMisses.inc()
    try {
      const secret = await service.decrypt(randomUUID(), { ciphertext, keyId, annotations })
      this.#keep(key, object.encryptedDEKSourceType === 1 ? seededGcm(secret) : aesGcm(secret))
    } catch (error) {
      logger.error('failed to decrypt DEK', { name, error })
      const why = `failed to decrypt DEK, error: ${messageOf(error)}`
      this.#failures.set(key, new Error(why, { cause: error }))
    }
  }

  #keep(key: string, cipher: ValueCipher): void {
    this.#ciphers.set(key, cipher)
    this.#failures.delete(key)
    this.#options.envelope.cached(this.#options.name, this.#ciphers.size)
  }

  async #look(): Promise<void> {
    const { host, service, logger, name, metrics, envelope } = this.#options
    const { version, healthz, keyId } = await service.status()
    const errors: string[] = []
    if (healthz !== 'ok') errors.push(`got unexpected healthz status: ${healthz}`)
    if (version !== 'v2' && version !== 'v2beta1')
      errors.push(`expected KMSv2 API version v2, got ${version}`)
    const wrong = keyIdProblem(keyId)
    if (wrong === undefined) envelope.said(name, keyId)
    else {
      envelope.saidInvalid(name, keyId === '' ? 'empty' : 'too_long')
      errors.push(`got invalid KMSv2 KeyID hash "${hashOf(keyId)}": ${wrong}`)
    }
    if (errors.length > 0) {
      const all = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`
      throw new Error(`kmsv2 Provider ${name} is not healthy, error: ${all}`)
    }
    const expiresMs = host.now() + seedLifeMs
    if (this.#seed?.encrypted.keyId === keyId) {
      this.#seed = { ...this.#seed, expiresMs }
      return
    }
    const startedMs = host.monotonicMs()
    const secret = randomFillSync(new Uint8Array(seedBytes))
    metrics.keySeconds.observe((host.monotonicMs() - startedMs) / 1000)
    const encrypted = await service.encrypt(randomUUID(), secret)
    const cipher = seededGcm(secret)
    this.#seed = { encrypted, cipher, expiresMs }
    const { ciphertext: encryptedDEKSource, keyId: keyID, annotations } = encrypted
    const empty = { encryptedData: new Uint8Array(), encryptedDEKSourceType: 1 }
    this.#keep(keyOf({ ...empty, encryptedDEKSource, keyID, annotations }), cipher)
    logger.info('a KMS plugin encrypts by a new key', { name, keyId })
  }
}
