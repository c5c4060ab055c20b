import { randomFillSync, randomUUID } from 'node:crypto'
import type { Host, Timer } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { LruMap } from '../../../base/lru-map.ts'
import { aesGcm } from '../aes-gcm.ts'
import type { ValueCipher } from '../value-cipher.ts'
import { decodeEncryptedObject, type EncryptedObject, encodeEncryptedObject } from './encrypted-object.ts'
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
  readonly expiresMs: number
}

export interface KmsCipherOptions {
  readonly host: Host
  readonly logger: Logger
  /** Of the configuration. */
  readonly name: string
  readonly service: KmsService
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
    const { host, name } = this.#options
    if (seed === undefined || host.monotonicMs() > seed.expiresMs)
      throw new Error(
        `encryption is not possible with the KMS provider ${name}: ${this.#problem?.message ?? 'its key is too old'}`,
      )
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
    const cipher = this.#ciphers.get(keyOf(object))
    if (cipher === undefined) throw new Error('failed to decrypt DEK')
    return cipher.decrypt(storageKey, object.encryptedData)
  }

  isStale(data: Uint8Array): boolean {
    const { keyID, encryptedDEKSourceType } = decodeEncryptedObject(data)
    return keyID !== this.#seed?.encrypted.keyId || encryptedDEKSourceType !== 1
  }

  async #fetch(key: string, object: EncryptedObject): Promise<void> {
    const { encryptedDEKSource: ciphertext, keyID: keyId, annotations } = object
    const { service, logger, name } = this.#options
    try {
      const secret = await service.decrypt(randomUUID(), { ciphertext, keyId, annotations })
      this.#ciphers.set(key, object.encryptedDEKSourceType === 1 ? seededGcm(secret) : aesGcm(secret))
    } catch (error) {
      logger.error('failed to decrypt DEK', { name, error })
    }
  }

  async #look(): Promise<void> {
    const { host, service, logger, name } = this.#options
    const { version, healthz, keyId } = await service.status()
    if (healthz !== 'ok') throw new Error(`got unexpected healthz status: ${healthz}`)
    if (version !== 'v2' && version !== 'v2beta1')
      throw new Error(`expected KMSv2 API version v2, got ${version}`)
    if (keyId === '') throw new Error('expected KMSv2 KeyID to be set, got empty')
    const expiresMs = host.monotonicMs() + seedLifeMs
    if (this.#seed?.encrypted.keyId === keyId) {
      this.#seed = { ...this.#seed, expiresMs }
      return
    }
    const secret = randomFillSync(new Uint8Array(seedBytes))
    const encrypted = await service.encrypt(randomUUID(), secret)
    const cipher = seededGcm(secret)
    this.#seed = { encrypted, cipher, expiresMs }
    const { ciphertext: encryptedDEKSource, keyId: keyID, annotations } = encrypted
    const empty = { encryptedData: new Uint8Array(), encryptedDEKSourceType: 1 }
    this.#ciphers.set(keyOf({ ...empty, encryptedDEKSource, keyID, annotations }), cipher)
    logger.info('a KMS plugin encrypts by a new key', { name, keyId })
  }
}
