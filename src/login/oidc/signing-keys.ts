import { signToken } from '../../apiserver/authentication/jwt.ts'
import type { TokenKeys } from '../../apiserver/authentication/token-keys.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { JsonWebKey } from '../../base/signature.ts'
import { type KeptKey, type KeyTimes, planKeys } from './plan-keys.ts'

/** Where keys are kept. */
export interface KeyStore {
  load(): readonly KeptKey[]
  /** Returns once they outlive a crash. */
  save(keys: readonly KeptKey[]): void
}

/** The cryptography, from whoever has it. */
export interface KeyMaker {
  /** A private key, PEM. */
  make(): string
  use(privateKeyPem: string): TokenKeys
}

export interface SigningKeysOptions {
  readonly host: Host
  readonly logger: Logger
  readonly store: KeyStore
  readonly maker: KeyMaker
  readonly times: KeyTimes
}

/** After a rotation that failed, most likely for want of room on the disk. */
const retryMs = 60_000

/** Signs tokens with a key that changes; who verifies them knows each key before it signs and until its last token has ended. */
export class SigningKeys {
  readonly #options: SigningKeysOptions
  #kept: readonly KeptKey[]
  #signer: TokenKeys
  #published: readonly JsonWebKey[] = []
  #timer: Timer | undefined

  /** Throws an Error where keys cannot be read or kept. */
  constructor(options: SigningKeysOptions) {
    this.#options = options
    this.#kept = options.store.load()
    const { signer, nextMs } = this.#rotate()
    this.#signer = signer
    this.#schedule(nextMs)
  }

  get algorithm(): string {
    return this.#signer.algorithm
  }

  get published(): readonly JsonWebKey[] {
    return this.#published
  }

  sign(claims: object): string {
    return signToken(claims, this.#signer)
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #rotate(): { readonly signer: TokenKeys; readonly nextMs: number } {
    const { host, store, maker, times } = this.#options
    const plan = planKeys(this.#kept, host.now(), times)
    const made =
      plan.makeFromMs === undefined ? [] : [{ fromMs: plan.makeFromMs, privateKeyPem: maker.make() }]
    const kept = [...plan.keep, ...made]
    if (made.length > 0 || kept.length < this.#kept.length) store.save(kept)
    this.#kept = kept
    const keys = kept.map(({ privateKeyPem }) => maker.use(privateKeyPem))
    const signer = keys[kept.findLastIndex(({ fromMs }) => fromMs <= host.now())]
    if (signer === undefined) throw new Error('the keys are all of the future: is the clock right?')
    this.#signer = signer
    this.#published = keys.flatMap(({ publicKeys }) => publicKeys)
    return { signer, nextMs: planKeys(kept, host.now(), times).nextMs }
  }

  #schedule(atMs: number): void {
    const { host, logger } = this.#options
    this.#timer = host.schedule(atMs - host.now(), () => {
      let nextMs = host.now() + retryMs
      try {
        nextMs = this.#rotate().nextMs
      } catch (error) {
        logger.error('the signing key cannot be changed', { error })
      }
      this.#schedule(nextMs)
    })
  }
}
