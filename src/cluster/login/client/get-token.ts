import { readFileSync } from 'node:fs'
import { defined } from '../../../base/defined.ts'
import { browserLogin } from './browser-login.ts'
import { type GivenTokens, IssuerClient, NotGoodError } from './issuer-client.ts'
import { TokenCache } from './token-cache.ts'

export interface GetTokenOptions {
  readonly issuer: string
  readonly clientId: string
  /** A file, PEM; absent: the system's authorities. */
  readonly certificateAuthority?: string
  /** With a password instead of a browser. */
  readonly password?: { readonly username: string; readonly file: string; readonly directory?: string }
  /** For the browser to come back to; 0: any that is free. */
  readonly port: number
  readonly cacheFolder: string
  /** Whether somebody is there who can log in. */
  readonly interactive: boolean
  readonly show: (url: string) => void
}

/** A token that ends so soon is not worth giving. */
const leastLifeMs = 30_000
const loginTimeoutMs = 5 * 60_000

/** Of standard input for `-`. */
const passwordOf = (file: string): string =>
  readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '')

async function logIn(client: IssuerClient, options: GetTokenOptions): Promise<GivenTokens> {
  const { password, port, show, interactive } = options
  if (password !== undefined) {
    const { username, file, directory } = password
    const grant = {
      grant_type: 'password',
      scope: 'openid offline_access',
      username,
      password: passwordOf(file),
    }
    return client.tokens({ ...grant, ...defined({ directory }) })
  }
  if (!interactive)
    throw new Error('nobody is there to log in: run "timonel login" with the same options first')
  return browserLogin(client, { port, show, timeoutMs: loginTimeoutMs })
}

async function refreshed(
  client: IssuerClient,
  kept: GivenTokens | undefined,
): Promise<GivenTokens | undefined> {
  if (kept?.refreshToken === undefined) return undefined
  try {
    const { refreshToken } = kept
    const tokens = await client.tokens({ grant_type: 'refresh_token', refresh_token: refreshToken })
    // Where the issuer gives no other one, it goes on being good (RFC 6749 §6).
    return { refreshToken, ...tokens }
  } catch (error) {
    if (error instanceof NotGoodError) return undefined
    throw error
  }
}

/** A token that is good for a while: the one that is kept, or a new one, for which somebody may have to log in. */
export async function getToken(options: GetTokenOptions): Promise<GivenTokens> {
  const { issuer, clientId, certificateAuthority, password, cacheFolder } = options
  const cache = new TokenCache(cacheFolder, [
    issuer,
    clientId,
    password?.directory ?? '',
    password?.username ?? '',
  ])
  return cache.alone(async () => {
    const kept = cache.read()
    if (kept !== undefined && kept.expiresMs - Date.now() > leastLifeMs) return kept
    const authority =
      certificateAuthority === undefined ? undefined : readFileSync(certificateAuthority, 'utf8')
    const client = await IssuerClient.discover(issuer, clientId, authority)
    const tokens = (await refreshed(client, kept)) ?? (await logIn(client, options))
    cache.write(tokens)
    return tokens
  })
}
