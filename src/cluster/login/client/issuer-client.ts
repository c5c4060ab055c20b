import { request } from 'node:https'
import { parseToken } from '../../../apiserver/authentication/jwt.ts'
import { isRecord } from '../../../base/is-record.ts'

/** Tokens as an issuer gives them. */
export interface GivenTokens {
  readonly idToken: string
  readonly expiresMs: number
  readonly refreshToken?: string
}

/** The issuer says that what it was given is not good: somebody has to log in. */
export class NotGoodError extends Error {
  override readonly name = 'NotGoodError'
}

interface Answer {
  readonly status: number
  readonly text: string
}

const timeoutMs = 30_000
const maxAnswerBytes = 2 ** 20

/** Asks over HTTPS alone, and follows nobody elsewhere. */
function ask(
  url: string,
  authority: string | undefined,
  form?: Readonly<Record<string, string>>,
): Promise<Answer> {
  if (!url.startsWith('https://')) return Promise.reject(new Error(`${url} is not https`))
  const body = form === undefined ? undefined : String(new URLSearchParams(form))
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: body === undefined ? 'GET' : 'POST',
      timeout: timeoutMs,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(authority === undefined ? {} : { ca: authority }),
    })
    call.on('timeout', () => call.destroy(new Error(`${url} does not answer`)))
    call.on('error', reject)
    call.on('response', (message) => {
      let text = ''
      message.setEncoding('utf8')
      message.on('data', (chunk: string) => {
        text += chunk
        if (text.length > maxAnswerBytes)
          call.destroy(new Error(`${url} answers more than ${maxAnswerBytes} bytes`))
      })
      message.on('error', reject)
      message.on('end', () => resolve({ status: message.statusCode ?? 0, text }))
    })
    call.end(body)
  })
}

function objectOf({ text, status }: Answer, url: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {
    // Told below.
  }
  throw new Error(`${url} answered ${status}, and no JSON object`)
}

/** An OpenID Connect issuer, as a public client sees it. */
export class IssuerClient {
  readonly #issuer: string
  readonly #clientId: string
  readonly #authority: string | undefined
  readonly #endpoints: { readonly authorization: string; readonly token: string }

  private constructor(
    issuer: string,
    clientId: string,
    authority: string | undefined,
    endpoints: { readonly authorization: string; readonly token: string },
  ) {
    this.#issuer = issuer
    this.#clientId = clientId
    this.#authority = authority
    this.#endpoints = endpoints
  }

  /** `authority`: PEM; absent: the system's. Rejects with an Error for what is no issuer, or another one. */
  static async discover(
    issuer: string,
    clientId: string,
    authority: string | undefined,
  ): Promise<IssuerClient> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const found = objectOf(await ask(url, authority), url)
    const { issuer: named, authorization_endpoint: authorization, token_endpoint: token } = found
    if (named !== issuer) throw new Error(`${url} is of the issuer ${String(named)}, not ${issuer}`)
    if (typeof authorization !== 'string' || typeof token !== 'string')
      throw new Error(`${url} does not say where to log in`)
    return new IssuerClient(issuer, clientId, authority, { authorization, token })
  }

  /** Where a browser logs in. */
  authorizationUrl(parameters: Readonly<Record<string, string>>): string {
    const url = new URL(this.#endpoints.authorization)
    const all = {
      response_type: 'code',
      client_id: this.#clientId,
      scope: 'openid offline_access',
      ...parameters,
    }
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
    return url.href
  }

  /** Rejects with NotGoodError where the grant is not good. `nonce`: what the token must repeat. */
  async tokens(grant: Readonly<Record<string, string>>, nonce?: string): Promise<GivenTokens> {
    const url = this.#endpoints.token
    const answer = await ask(url, this.#authority, { client_id: this.#clientId, ...grant })
    const {
      id_token: idToken,
      refresh_token: refreshToken,
      error,
      error_description: why,
    } = objectOf(answer, url)
    if (error === 'invalid_grant') throw new NotGoodError(String(why ?? error))
    if (answer.status !== 200 || typeof idToken !== 'string')
      throw new Error(`the issuer gives no token: ${String(why ?? error ?? answer.status)}`)
    return {
      idToken,
      expiresMs: this.#checked(idToken, nonce),
      ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    }
  }

  /** The API server verifies the signature; it came from the issuer itself (OpenID Connect Core §3.1.3.7). */
  #checked(idToken: string, nonce: string | undefined): number {
    const { iss, aud, exp, nonce: repeated } = parseToken(idToken)?.payload ?? {}
    const isOurs = iss === this.#issuer && [aud].flat().includes(this.#clientId) && typeof exp === 'number'
    if (!isOurs || (nonce !== undefined && repeated !== nonce))
      throw new Error('the issuer gave a token that is not for us')
    return exp * 1000
  }
}
