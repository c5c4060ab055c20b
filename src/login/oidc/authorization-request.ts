import type { Query } from '../../apiserver/query.ts'
import { OauthError } from './oauth-error.ts'

/** A program that people log in for. It has no secret: PKCE ties what it gets to what it asked. */
export interface LoginClient {
  readonly id: string
  /** Where answers may go; of a loopback address the port does not count (RFC 8252 §7.3). */
  readonly redirectUris: readonly string[]
  /** Whether it may take passwords itself. */
  readonly passwordGrant: boolean
}

/** What a client asked for, checked. */
export interface AuthorizationRequest {
  readonly clientId: string
  readonly redirectUri: string
  readonly challenge: string
  /** For a refresh token. */
  readonly offline: boolean
  readonly state?: string
  readonly nonce?: string
}

/** It travels in a cookie. */
const maxLength = 1_000
const challengeForm = /^[A-Za-z0-9_-]{43}$/

function withoutLoopbackPort(uri: string): string {
  const url = URL.parse(uri)
  const isLoopback = url?.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(url.hostname)
  if (url === null || !isLoopback) return uri
  url.port = ''
  return url.href
}

export const scopesOf = (text: string | undefined): readonly string[] =>
  (text ?? '').split(' ').filter((scope) => scope !== '')

/** The client and where its answers go: while these are wrong, nothing may be sent there. Throws OauthError. */
export function answerPlace(
  query: Query,
  clients: ReadonlyMap<string, LoginClient>,
): { readonly client: LoginClient; readonly redirectUri: string } {
  const client = clients.get(query.get('client_id') ?? '')
  if (client === undefined) throw new OauthError('invalid_client', 'client_id is not known')
  const redirectUri = query.get('redirect_uri') ?? ''
  const asked = withoutLoopbackPort(redirectUri)
  if (!client.redirectUris.some((known) => known === redirectUri || withoutLoopbackPort(known) === asked))
    throw new OauthError('invalid_request', 'redirect_uri is not one that the client has')
  return { client, redirectUri }
}

/** What else is asked, for the authorization code flow with PKCE. Throws OauthError, which the client may be told of. */
export function authorizationRequest(
  query: Query,
  { client, redirectUri }: ReturnType<typeof answerPlace>,
): AuthorizationRequest {
  const texts = ['state', 'nonce', 'redirect_uri'].map((name) => query.get(name)?.length ?? 0)
  if (texts.some((length) => length > maxLength))
    throw new OauthError(
      'invalid_request',
      `state, nonce and redirect_uri have at most ${maxLength} characters`,
    )
  if (query.get('response_type') !== 'code')
    throw new OauthError('unsupported_response_type', 'response_type must be code')
  const scopes = scopesOf(query.get('scope'))
  if (!scopes.includes('openid')) throw new OauthError('invalid_scope', 'scope must have openid')
  const challenge = query.get('code_challenge') ?? ''
  if (query.get('code_challenge_method') !== 'S256' || !challengeForm.test(challenge))
    throw new OauthError('invalid_request', 'PKCE is needed: code_challenge with code_challenge_method=S256')
  if (query.get('prompt') === 'none')
    throw new OauthError('login_required', 'nobody is logged in without being asked')
  const [state, nonce] = [query.get('state'), query.get('nonce')]
  return {
    clientId: client.id,
    redirectUri,
    challenge,
    offline: scopes.includes('offline_access'),
    ...(state === undefined ? {} : { state }),
    ...(nonce === undefined ? {} : { nonce }),
  }
}
