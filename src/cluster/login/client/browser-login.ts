import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { GivenTokens, IssuerClient } from './issuer-client.ts'

export interface BrowserLoginOptions {
  /** 0: any that is free. */
  readonly port: number
  /** Shows somebody where to log in. */
  readonly show: (url: string) => void
  readonly timeoutMs: number
}

const text = (bytes: number): string => randomBytes(bytes).toString('base64url')
const stateBytes = 16
const verifierBytes = 32

/** Waits on this machine's loopback address for the browser that comes back with a code (RFC 8252 §7.3). */
async function receive(
  { port, timeoutMs }: BrowserLoginOptions,
  state: string,
  ready: (redirectUri: string) => void,
): Promise<{ readonly code: string; readonly redirectUri: string }> {
  const back = Promise.withResolvers<string>()
  back.promise.catch(() => {})
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    // Any page may send a browser here: only the one that knows our state says something.
    const isOurs = url.pathname === '/callback' && url.searchParams.get('state') === state
    response.writeHead(isOurs ? 200 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      connection: 'close',
    })
    if (!isOurs) return void response.end('not found\n')
    const [code, error] = [url.searchParams.get('code'), url.searchParams.get('error')]
    response.end(code === null ? 'The login has failed.\n' : 'You are logged in. This page can be closed.\n')
    if (code !== null) return back.resolve(code)
    back.reject(new Error(`the login has failed: ${url.searchParams.get('error_description') ?? error}`))
  })
  server.on('error', back.reject)
  const timer = setTimeout(() => back.reject(new Error('nobody has logged in in time')), timeoutMs)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    const address = server.address()
    const used = typeof address === 'object' && address !== null ? address.port : port
    const redirectUri = `http://127.0.0.1:${used}/callback`
    ready(redirectUri)
    return { code: await back.promise, redirectUri }
  } finally {
    clearTimeout(timer)
    server.close()
  }
}

/** A login by browser: the authorization code flow with PKCE. Rejects with an Error where it comes to nothing. */
export async function browserLogin(issuer: IssuerClient, options: BrowserLoginOptions): Promise<GivenTokens> {
  const [state, nonce, verifier] = [text(stateBytes), text(stateBytes), text(verifierBytes)]
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const { code, redirectUri } = await receive(options, state, (redirect_uri) => {
    const parameters = {
      redirect_uri,
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }
    options.show(issuer.authorizationUrl(parameters))
  })
  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  return issuer.tokens(grant, nonce)
}
