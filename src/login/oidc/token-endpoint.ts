import type { Query } from '../../apiserver/query.ts'
import { type ServerResponse, textResponse } from '../../apiserver/response.ts'
import { encodeBase64Url } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { sameText } from '../../base/same-text.ts'
import type { Person } from '../person.ts'
import type { AuthorizationCodes } from './authorization-codes.ts'
import { type LoginClient, scopesOf } from './authorization-request.ts'
import type { IdTokens } from './id-tokens.ts'
import { notKept, OauthError } from './oauth-error.ts'
import type { People } from './people.ts'
import type { Sessions } from './sessions.ts'

export interface TokenEndpointOptions {
  readonly host: Host
  readonly logger: Logger
  readonly clients: ReadonlyMap<string, LoginClient>
  readonly people: People
  readonly codes: AuthorizationCodes
  readonly sessions: Sessions
  readonly tokens: IdTokens
}

interface Issued {
  readonly clientId: string
  readonly directory: string
  readonly person: Person
  readonly loggedInMs: number
  readonly nonce?: string
  readonly refreshToken?: string
}

const notGood = (): OauthError => new OauthError('invalid_grant', 'what was given is not good, or no more')

/** RFC 6749 §3.2 with PKCE (RFC 7636), and revocation (RFC 7009). */
export class TokenEndpoint {
  readonly #options: TokenEndpointOptions

  constructor(options: TokenEndpointOptions) {
    this.#options = options
  }

  async token(form: Query): Promise<ServerResponse> {
    const client = this.#client(form)
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return this.#byCode(form, client)
      case 'refresh_token':
        return this.#byRefreshToken(form, client)
      case 'password':
        return this.#byPassword(form, client)
      default:
        throw new OauthError(
          'unsupported_grant_type',
          'grant_type must be authorization_code, refresh_token or password',
        )
    }
  }

  async revoke(form: Query): Promise<ServerResponse> {
    this.#client(form)
    this.#options.sessions.end(form.get('token') ?? '')
    return textResponse('', 200, 'text/plain; charset=utf-8', notKept)
  }

  #client(form: Query): LoginClient {
    const client = this.#options.clients.get(form.get('client_id') ?? '')
    if (client === undefined) throw new OauthError('invalid_client', 'client_id is not known')
    return client
  }

  #byCode(form: Query, client: LoginClient): ServerResponse {
    const { host, codes, sessions, logger } = this.#options
    const { grant, stolen, began } = codes.use(form.get('code') ?? '')
    if (stolen !== undefined) {
      logger.warn('a code came twice: its session has ended', { client: client.id })
      sessions.end(stolen)
    }
    if (grant === undefined) throw notGood()
    const { login, directory, person, loggedInMs } = grant
    const verifier = new TextEncoder().encode(form.get('code_verifier') ?? '')
    const isTheirs =
      login.clientId === client.id &&
      login.redirectUri === form.get('redirect_uri') &&
      sameText(login.challenge, encodeBase64Url(host.sha256(verifier)))
    if (!isTheirs) throw notGood()
    const issued = { clientId: client.id, directory, person, loggedInMs }
    const nonce = login.nonce === undefined ? {} : { nonce: login.nonce }
    if (!this.#mayRefresh(directory, login.offline)) return this.#answer({ ...issued, ...nonce })
    const session = sessions.begin(issued)
    began?.(session.id)
    return this.#answer({ ...issued, ...nonce, refreshToken: session.refreshToken })
  }

  async #byRefreshToken(form: Query, client: LoginClient): Promise<ServerResponse> {
    const { sessions, people, logger } = this.#options
    const used = sessions.use(form.get('refresh_token') ?? '', client.id)
    if (used === undefined) throw notGood()
    const { session, refreshToken } = used
    try {
      const person = await people.lookUp(session.directory, session.person)
      if (person !== undefined) return this.#answer({ ...session, person, refreshToken })
    } catch (error) {
      used.restore()
      throw error
    }
    logger.info('a session has ended: its person may no longer log in', {
      ...{ directory: session.directory, username: session.person.username },
    })
    used.end()
    throw notGood()
  }

  async #byPassword(form: Query, client: LoginClient): Promise<ServerResponse> {
    const { host, people, sessions, logger } = this.#options
    if (!client.passwordGrant)
      throw new OauthError(
        'unauthorized_client',
        'the client may not take passwords: passwordGrant is not set',
      )
    const scopes = scopesOf(form.get('scope'))
    if (!scopes.includes('openid')) throw new OauthError('invalid_scope', 'scope must have openid')
    const passwords = people.directories.filter(({ directory }) => directory.kind === 'password')
    const directory =
      form.get('directory') ?? (passwords.length === 1 ? passwords[0]?.directory.name : undefined)
    if (directory === undefined) throw new OauthError('invalid_request', 'directory must name one of several')
    const username = form.get('username') ?? ''
    const person = await people.withPassword(directory, username, form.get('password') ?? '')
    if (person === undefined) {
      logger.info('a login has failed', { directory, username: username.slice(0, 256) })
      throw new OauthError('invalid_grant', 'the user name or the password is wrong')
    }
    logger.info('somebody has logged in', { directory, username: person.username, client: client.id })
    const issued = { clientId: client.id, directory, person, loggedInMs: host.now() }
    if (!this.#mayRefresh(directory, scopes.includes('offline_access'))) return this.#answer(issued)
    return this.#answer({ ...issued, refreshToken: sessions.begin(issued).refreshToken })
  }

  /** Only of somebody whom we can ask about them again. */
  #mayRefresh(name: string, isAsked: boolean): boolean {
    const used = this.#options.people.directories.find(({ directory }) => directory.name === name)
    return isAsked && used?.directory.kind === 'password'
  }

  #answer({ person, refreshToken, ...issued }: Issued): ServerResponse {
    const { tokens, people } = this.#options
    const shown = people.shown(issued.directory, person)
    if (shown === undefined) throw notGood()
    const idToken = tokens.issue({ ...issued, person: shown })
    const answer = {
      // The one token there is: nothing but an API server takes it.
      access_token: idToken,
      id_token: idToken,
      token_type: 'Bearer',
      expires_in: Math.floor(tokens.lifeMs / 1000),
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    }
    return textResponse(JSON.stringify(answer), 200, 'application/json', notKept)
  }
}
