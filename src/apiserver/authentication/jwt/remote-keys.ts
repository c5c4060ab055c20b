import type { Host } from '../../../base/host.ts'
import { isRecord } from '../../../base/is-record.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { JsonWebKey, VerifyJws } from '../../../base/signature.ts'
import type { OutsideAnswer, OutsideCaller } from '../../outside/outside-caller.ts'
import { AuthenticationError } from '../authentication-error.ts'
import type { ParsedToken } from '../jwt.ts'

export interface RemoteKeysOptions {
  readonly host: Host
  readonly caller: OutsideCaller
  readonly url: string
  readonly verify: VerifyJws
  /** Of each attempt to get the keys; the text where there were some. */
  readonly fetched: (keySet: string | undefined) => void
}

/** Of a request to the issuer. */
export const issuerTimeoutMs = 30_000
/** Keys that end so soon are asked for again. */
const expiryMarginMs = 30_000

function keysOf(text: string): readonly JsonWebKey[] {
  const set: unknown = JSON.parse(text)
  const keys = isRecord(set) && Array.isArray(set.keys) ? set.keys : []
  return keys.filter(isRecord).map((key) => {
    const texts = Object.entries(key).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    return Object.fromEntries(texts)
  })
}

/** Asks an issuer, for a bounded time. */
export async function askIssuer(
  host: Host,
  caller: OutsideCaller,
  url: string,
  bearerToken?: string,
): Promise<OutsideAnswer> {
  const timeout = new AbortController()
  const timer = host.schedule(issuerTimeoutMs, () => timeout.abort())
  const token = bearerToken === undefined ? {} : { bearerToken }
  try {
    return await host.track(caller.call({ method: 'GET', url, signal: timeout.signal, ...token }))
  } catch (error) {
    const why = timeout.signal.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : error instanceof Error
        ? error.message
        : String(error)
    throw new Error(`Get ${JSON.stringify(url)}: ${why}`, { cause: error })
  } finally {
    timer.cancel()
  }
}

/** An issuer's keys: known until they end, and asked for again where a token is signed by another one. */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions
  #keys: readonly JsonWebKey[] = []
  #untilMs = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined

  constructor(options: RemoteKeysOptions) {
    this.#options = options
  }

  /** Throws AuthenticationError for a token that none of the keys has signed. */
  async check(token: ParsedToken): Promise<void> {
    if (this.#isSigned(token)) return
    if (this.#options.host.now() + expiryMarginMs < this.#untilMs) throw unsigned()
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined
    })
    try {
      await this.#fetching
    } catch (error) {
      const why = messageOf(error)
      throw new AuthenticationError(`oidc: verify token: failed to verify signature: fetching keys ${why}`)
    }
    if (!this.#isSigned(token)) throw unsigned()
  }

  #isSigned({ header, signed, signature }: ParsedToken): boolean {
    const { kid = '', alg } = header
    return this.#keys.some(
      (key) => (kid === '' || key.kid === kid) && this.#options.verify(key, String(alg), signed, signature),
    )
  }

  async #fetch(): Promise<void> {
    const { host, caller, url, fetched } = this.#options
    try {
      const answer = await askIssuer(host, caller, url)
      if (answer.status !== 200) throw new Error(`oidc: get keys failed: ${answer.status} ${answer.text}`)
      this.#keys = keysOf(answer.text)
      this.#untilMs = host.now() + lifeMs(answer)
      fetched(answer.text)
    } catch (error) {
      fetched(undefined)
      throw error
    }
  }
}

const unsigned = (): AuthenticationError =>
  new AuthenticationError(
    'oidc: verify token: failed to verify signature: failed to verify id token signature',
  )

/** Without a word of the server's, keys end at once. */
function lifeMs(answer: OutsideAnswer): number {
  const control = answer.header('cache-control') ?? ''
  if (/\bno-(?:store|cache)\b/.test(control)) return 0
  return Number(/\bmax-age=(\d+)/.exec(control)?.[1] ?? 0) * 1000
}
