import type { Handler } from '../apiserver/filter.ts'
import { Query } from '../apiserver/query.ts'
import type { ServerRequest } from '../apiserver/request.ts'
import { type ServerResponse, textResponse } from '../apiserver/response.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { sleep } from '../base/sleep.ts'
import { Attempts } from './oidc/attempts.ts'
import { AuthorizationCodes } from './oidc/authorization-codes.ts'
import { BrowserLogin } from './oidc/browser-login.ts'
import { IdTokens } from './oidc/id-tokens.ts'
import { errorPage } from './oidc/login-page.ts'
import { errorResponse, OauthError } from './oidc/oauth-error.ts'
import { People } from './oidc/people.ts'
import { Sessions } from './oidc/sessions.ts'
import type { SigningKeys } from './oidc/signing-keys.ts'
import { TokenEndpoint } from './oidc/token-endpoint.ts'
import type { LoginSettings } from './settings.ts'

export interface LoginServiceOptions {
  readonly host: Host
  readonly logger: Logger
  readonly settings: LoginSettings
  readonly keys: SigningKeys
}

interface Route {
  readonly method: 'GET' | 'POST'
  /** Told to a program, not to somebody who looks at a browser. */
  readonly forPrograms: boolean
  handle(request: ServerRequest): Promise<ServerResponse> | ServerResponse
}

/** From a request's head to its answer, the body and directories included. */
const requestTimeoutMs = 60_000
const formType = 'application/x-www-form-urlencoded'
const plain = 'text/plain; charset=utf-8'
const strict = { 'strict-transport-security': 'max-age=31536000', 'x-content-type-options': 'nosniff' }

async function formOf(request: ServerRequest): Promise<Query> {
  const type = request.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== formType) throw new OauthError('invalid_request', `the body must be ${formType}`)
  const body = await request.source.readBody()
  if (body.type !== 'bytes') throw new OauthError('invalid_request', 'the body must be bytes')
  return Query.parse(new TextDecoder().decode(body.bytes))
}

/** The paths of a login server. */
export class LoginService {
  readonly #host: Host
  readonly #logger: Logger
  readonly #routes: ReadonlyMap<string, Route>

  constructor({ host, logger, settings, keys }: LoginServiceOptions) {
    this.#host = host
    this.#logger = logger
    const { issuer, clients, directories, tokenLifeMs, sessionLifeMs } = settings
    const basePath = new URL(issuer).pathname.replace(/\/$/, '')
    const codes = new AuthorizationCodes(host)
    const sessions = new Sessions(host, sessionLifeMs)
    const people = new People(directories, new Attempts(host), logger)
    const tokens = new IdTokens(host, keys, issuer, tokenLifeMs)
    const browser = new BrowserLogin({ host, logger, issuer, basePath, clients, people, codes })
    const endpoint = new TokenEndpoint({ host, logger, clients, people, codes, sessions, tokens })
    const page = (method: Route['method'], handle: Route['handle']): Route => ({
      method,
      forPrograms: false,
      handle,
    })
    const program = (method: Route['method'], handle: Route['handle']): Route => ({
      method,
      forPrograms: true,
      handle,
    })
    const maxAge = { 'cache-control': `public, max-age=${Math.floor(settings.keysMaxAgeMs / 1000)}` }
    const routes: Record<string, Route> = {
      '/.well-known/openid-configuration': program('GET', () =>
        textResponse(
          JSON.stringify(configurationOf(issuer, keys.algorithm)),
          200,
          'application/json',
          maxAge,
        ),
      ),
      '/keys': program('GET', () =>
        textResponse(JSON.stringify({ keys: keys.published }), 200, 'application/jwk-set+json', maxAge),
      ),
      '/healthz': program('GET', () => textResponse('ok', 200, plain)),
      '/authorize': page('GET', (request) => browser.authorize(request.query)),
      '/login': page('POST', async (request) => browser.withPassword(request, await formOf(request))),
      '/login/elsewhere': page('GET', (request) => browser.elsewhere(request)),
      '/saml': page('POST', async (request) => browser.back(request, await formOf(request))),
      '/saml/metadata': page('GET', (request) => browser.describe(request.query)),
      '/token': program('POST', async (request) => endpoint.token(await formOf(request))),
      '/revoke': program('POST', async (request) => endpoint.revoke(await formOf(request))),
    }
    this.#routes = new Map(Object.entries(routes).map(([path, route]) => [basePath + path, route]))
  }

  readonly handle: Handler = async (request) => {
    const route = this.#routes.get(request.path)
    if (route === undefined) return textResponse('404 page not found\n', 404, plain, strict)
    if (route.method !== request.method)
      return textResponse('405 method not allowed\n', 405, plain, { ...strict, allow: route.method })
    const answer = await this.#answer(route, request)
    return 'headers' in answer || answer.type === 'bytes'
      ? { ...answer, headers: { ...strict, ...('headers' in answer ? answer.headers : {}) } }
      : answer
  }

  /** What is still under way when the time is up goes on by itself, within the directory's own limits. */
  async #inTime(route: Route, request: ServerRequest): Promise<ServerResponse> {
    const over = new AbortController()
    const late = sleep(this.#host, requestTimeoutMs, over.signal).then(() => {
      throw new OauthError('temporarily_unavailable', 'the request took too long')
    })
    try {
      return await Promise.race([route.handle(request), late])
    } finally {
      over.abort()
    }
  }

  async #answer(route: Route, request: ServerRequest): Promise<ServerResponse> {
    try {
      return await this.#inTime(route, request)
    } catch (error) {
      if (!(error instanceof OauthError)) throw error
      this.#logger.info('a request was refused', { path: request.path, code: error.code, why: error.message })
      const refused = errorResponse(error)
      if (route.forPrograms || !('headers' in refused)) return refused
      return errorPage(error.message, 'status' in refused ? refused.status : 400)
    }
  }
}

/** OpenID Connect Discovery 1.0 §3, RFC 8414 */
const configurationOf = (issuer: string, algorithm: string): object => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  revocation_endpoint: `${issuer}/revoke`,
  jwks_uri: `${issuer}/keys`,
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: ['authorization_code', 'refresh_token', 'password'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: [algorithm],
  token_endpoint_auth_methods_supported: ['none'],
  code_challenge_methods_supported: ['S256'],
  scopes_supported: ['openid', 'offline_access'],
  claims_supported: ['sub', 'preferred_username', 'name', 'email', 'email_verified', 'groups', 'directory'],
  authorization_response_iss_parameter_supported: true,
})
