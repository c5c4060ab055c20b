import { createPublicKey } from 'node:crypto'
import type { AccountKeys } from '../../../apiserver/authentication/account-keys.ts'
import { decodeBase64Url, encodeBase64Url } from '../../../base/base64.ts'
import { verifyJws } from '../../../base/host/verify-jws.ts'
import type { Host, Timer } from '../../../base/host.ts'
import { isRecord } from '../../../base/is-record.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { JsonWebKey } from '../../../base/signature.ts'
import type { FetchedKeys, SignerClient } from './signer-client.ts'

export interface ExternalKeysOptions {
  readonly host: Host
  readonly logger: Logger
  readonly client: SignerClient
  /** Of each attempt to get the keys: of when they are, in seconds since 1970; undefined where there are none. */
  readonly fetched: (error: unknown, dataSeconds: number | undefined) => void
  readonly signed: (error: unknown) => void
}

interface KnownKey {
  readonly id: string
  readonly jwk: JsonWebKey
  /** Only verifies what was signed before. */
  readonly excluded: boolean
}

/** Upstream's, after a failure. */
const retryMs = 10_000
const maxIdLength = 1024
const algorithms = ['RS256', 'ES256', 'ES384', 'ES512']
const ofCurve: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }
const encoder = new TextEncoder()

function jwkOf(id: string, der: Uint8Array): JsonWebKey {
  const exported = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }).export({
    format: 'jwk',
  })
  const texts = Object.entries(exported).map(([name, value]) => [name, String(value)] as const)
  const alg = exported.kty === 'RSA' ? 'RS256' : (ofCurve[String(exported['crv'])] ?? '')
  return { use: 'sig', kid: id, alg, ...Object.fromEntries(texts) }
}

/** Throws an Error in upstream's words. */
function readKeys({ keys, dataSeconds, refreshHintSeconds }: FetchedKeys): readonly KnownKey[] {
  if (refreshHintSeconds <= 0) throw new Error(`found invalid refresh hint (${refreshHintSeconds}s)`)
  if (keys.length === 0) throw new Error('found no keys')
  if (dataSeconds === undefined) throw new Error('invalid data timestamp: proto: invalid nil Timestamp')
  return keys.map(({ keyId, key, excludeFromOidcDiscovery: excluded }) => {
    if (keyId === '' || keyId.length > maxIdLength)
      throw new Error(`found invalid public key id ${JSON.stringify(keyId)}`)
    if (key.length === 0) throw new Error('found empty public key')
    try {
      return { id: keyId, jwk: jwkOf(keyId, key), excluded }
    } catch (error) {
      throw new Error(`while parsing external public keys: ${messageOf(error)}`)
    }
  })
}

/** Keys that another program keeps: it signs, we verify. Stale ones count for as long as it does not answer, as upstream's do. */
export class ExternalKeys implements AccountKeys {
  readonly #options: ExternalKeysOptions
  #keys: readonly KnownKey[] = []
  #published: readonly JsonWebKey[] = []
  #dataSeconds: number | undefined
  #revision = 0
  #refreshAtMs = 0
  #fetching: Promise<void> | undefined
  #timer: Timer | undefined
  #stopped = false

  constructor(options: ExternalKeysOptions) {
    this.#options = options
  }

  get revision(): number {
    return this.#revision
  }

  get publicKeys(): readonly JsonWebKey[] {
    return this.#published
  }

  get maxAgeSeconds(): number {
    return Math.max(Math.floor((this.#refreshAtMs - this.#options.host.now()) / 1000), 0)
  }

  /** Asks for the keys, and from then on again and again. Rejects where there are none. */
  async start(): Promise<void> {
    await this.#refresh()
    this.#schedule(this.#refreshAtMs - this.#options.host.now())
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#options.client.close()
  }

  async sign(claims: object): Promise<string> {
    try {
      const token = await this.#signed(encodeBase64Url(encoder.encode(JSON.stringify(claims))))
      this.#options.signed(undefined)
      return token
    } catch (error) {
      this.#options.signed(error)
      throw error
    }
  }

  async #signed(payload: string): Promise<string> {
    const { header, signature } = await this.#options.client.sign(payload).catch((error: unknown) => {
      throw new Error(`while signing jwt: ${messageOf(error)}`, { cause: error })
    })
    try {
      await this.#checkHeader(header)
    } catch (error) {
      throw new Error(`while validating header: ${messageOf(error)}`, { cause: error })
    }
    if (signature === '') throw new Error('empty signature returned')
    return `${header}.${payload}.${signature}`
  }

  async #checkHeader(text: string): Promise<void> {
    const bytes = decodeBase64Url(text)
    if (bytes === undefined) throw new Error('while unwrapping header: illegal base64 data')
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes))
    const { alg, kid, typ, ...others } = isRecord(header) ? header : {}
    const [unknown] = Object.keys(others)
    if (unknown !== undefined)
      throw new Error(`while parsing header JSON: json: unknown field ${JSON.stringify(unknown)}`)
    if (typ !== 'JWT') throw new Error('bad type')
    if (typeof kid !== 'string' || kid === '') throw new Error('key id missing')
    if (kid.length > maxIdLength) throw new Error('key id longer than 1 kb')
    if (typeof alg !== 'string' || !algorithms.includes(alg))
      throw new Error(`bad signing algorithm ${JSON.stringify(alg ?? '')}`)
    if (!this.#isKnown(kid)) await this.lookFor(kid)
    if (this.#keys.some(({ id, excluded }) => id === kid && excluded))
      throw new Error(`key used for signing JWT (kid: ${kid}) is excluded from OIDC discovery docs`)
  }

  verify(keyId: string | undefined, algorithm: string, data: Uint8Array, signature: Uint8Array): boolean {
    return this.#keys.some(
      ({ id, jwk }) => (keyId === undefined || id === keyId) && verifyJws(jwk, algorithm, data, signature),
    )
  }

  lookFor(keyId: string | undefined): Promise<void> | undefined {
    if (keyId === undefined || this.#isKnown(keyId)) return undefined
    return this.#refresh().catch((error: unknown) =>
      this.#options.logger.error('syncing keys of the external signer', { error }),
    )
  }

  #isKnown(keyId: string): boolean {
    return this.#keys.some(({ id }) => id === keyId)
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    const { host, logger } = this.#options
    this.#timer = host.schedule(delayMs, () => {
      this.#refresh()
        .then(() => this.#refreshAtMs - host.now())
        .catch((error: unknown) => {
          logger.error('syncing supported public keys (stale keys stay)', { error })
          return retryMs
        })
        .then((nextMs) => this.#schedule(nextMs))
    })
  }

  /** Whoever asks meanwhile waits for the same answer. */
  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined
    })
    return this.#options.host.track(this.#fetching)
  }

  async #fetch(): Promise<void> {
    const { host, client, fetched } = this.#options
    try {
      const answer = await client.fetchKeys().catch((error: unknown) => {
        throw new Error(`while getting externally supported jwt signing keys: ${messageOf(error)}`, {
          cause: error,
        })
      })
      const keys = readKeys(answer)
      const shown = (all: readonly KnownKey[]): string => JSON.stringify(all)
      if (answer.dataSeconds !== this.#dataSeconds || shown(keys) !== shown(this.#keys)) {
        this.#keys = keys
        this.#published = keys.filter(({ excluded }) => !excluded).map(({ jwk }) => jwk)
        this.#revision++
      }
      this.#dataSeconds = answer.dataSeconds
      this.#refreshAtMs = host.now() + answer.refreshHintSeconds * 1000
      fetched(undefined, answer.dataSeconds)
    } catch (error) {
      fetched(error, undefined)
      throw new Error(`while fetching token verification keys: ${messageOf(error)}`, { cause: error })
    }
  }
}
