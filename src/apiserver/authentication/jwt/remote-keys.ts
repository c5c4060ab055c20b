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

/** Go's. */
const maxRequests = 10
const redirects = [301, 302, 303, 307, 308]

/** As Go: to the same host and those below it. */
function mayHaveToken(from: URL, to: URL): boolean {
  return to.hostname === from.hostname || to.hostname.endsWith(`.${from.hostname}`)
}

/** Goes where it is sent to, as Go's client does. */
async function callFollowing(
  caller: OutsideCaller,
  url: string,
  signal: AbortSignal,
  bearerToken: string | undefined,
): Promise<OutsideAnswer> {
  const first = new URL(url)
  for (let next = first, made = 1; ; made++) {
    const token = bearerToken !== undefined && mayHaveToken(first, next) ? { bearerToken } : {}
    const answer = await caller.call({
      method: 'GET',
      url: next === first ? url : next.href,
      signal,
      ...token,
    })
    const location = answer.header('location')
    if (!redirects.includes(answer.status) || location === undefined) return answer
    if (made === maxRequests) throw new Error(`stopped after ${maxRequests} redirects`)
    const place = URL.parse(location, next.href)
    if (place === null) throw new Error(`failed to parse Location header ${JSON.stringify(location)}`)
    if (!['https:', 'http:'].includes(place.protocol))
      throw new Error(`unsupported protocol scheme ${JSON.stringify(place.protocol.slice(0, -1))}`)
    next = place
  }
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
  try {
    return await host.track(callFollowing(caller, url, timeout.signal, bearerToken))
  } catch (error) {
    const why = timeout.signal.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : messageOf(error)
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
