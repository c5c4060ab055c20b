import type { Query } from '../../apiserver/query.ts'
import type { ServerRequest } from '../../apiserver/request.ts'
import { type Headers, type ServerResponse, textResponse } from '../../apiserver/response.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { DirectoryError, type Person } from '../person.ts'
import type { AuthorizationCodes } from './authorization-codes.ts'
import {
  type AuthorizationRequest,
  answerPlace,
  authorizationRequest,
  type LoginClient,
} from './authorization-request.ts'
import { type LoginPage, loginPage } from './login-page.ts'
import { notKept, OauthError } from './oauth-error.ts'
import { type PendingLogin, PendingLogins } from './pending-logins.ts'
import type { People } from './people.ts'

export interface BrowserLoginOptions {
  readonly host: Host
  readonly logger: Logger
  readonly issuer: string
  /** Before all paths; '' for none. */
  readonly basePath: string
  readonly clients: ReadonlyMap<string, LoginClient>
  readonly people: People
  readonly codes: AuthorizationCodes
}

function redirect(url: string, headers: Headers = {}): ServerResponse {
  return textResponse('', 303, 'text/plain; charset=utf-8', {
    ...notKept,
    'referrer-policy': 'no-referrer',
    location: url,
    ...headers,
  })
}

function withParameters(uri: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}

/** The authorization endpoint (OpenID Connect Core §3.1.2), and the pages that come after it. */
export class BrowserLogin {
  readonly #options: BrowserLoginOptions
  readonly #logins: PendingLogins

  constructor(options: BrowserLoginOptions) {
    this.#options = options
    this.#logins = new PendingLogins(options.host)
  }

  async authorize(query: Query): Promise<ServerResponse> {
    const { clients, people, issuer } = this.#options
    const place = answerPlace(query, clients)
    let request: AuthorizationRequest
    try {
      request = authorizationRequest(query, place)
    } catch (error) {
      if (!(error instanceof OauthError)) throw error
      const parameters = {
        error: error.code,
        error_description: error.message,
        state: query.get('state'),
        iss: issuer,
      }
      return redirect(withParameters(place.redirectUri, parameters))
    }
    const { login, cookie } = this.#logins.begin(request)
    const [only, ...others] = people.directories
    if (only?.directory.kind === 'redirect' && others.length === 0)
      return this.#send(login.id, only.directory.name, { 'set-cookie': cookie })
    return loginPage(this.#page(login), 200, { 'set-cookie': cookie })
  }

  /** What the page's form posts. */
  async withPassword(request: ServerRequest, form: Query): Promise<ServerResponse> {
    const { people, logger } = this.#options
    const login = this.#login(request, form.get('login'))
    const [directory, username] = [form.get('directory') ?? '', form.get('username') ?? '']
    try {
      const person = await people.withPassword(directory, username, form.get('password') ?? '')
      if (person !== undefined) return this.#done(login, directory, person)
      logger.info('a login has failed', { directory, username: username.slice(0, 256) })
      return loginPage({ ...this.#page(login), alert: 'The user name or the password is wrong.' }, 401)
    } catch (error) {
      if (!(error instanceof OauthError) || error.code === 'invalid_request') throw error
      const wait = error.retryAfterSeconds
      const headers: Headers = wait === undefined ? {} : { 'retry-after': String(wait) }
      const alert = `That did not work: ${error.message}.`
      return loginPage({ ...this.#page(login), alert }, wait === undefined ? 503 : 429, headers)
    }
  }

  /** To where another server's people log in. */
  async elsewhere(request: ServerRequest): Promise<ServerResponse> {
    const login = this.#login(request, request.query.get('login'))
    return this.#send(login.id, request.query.get('directory') ?? '')
  }

  /** What the browser brings back from there. */
  async back(request: ServerRequest, form: Query): Promise<ServerResponse> {
    const { people } = this.#options
    const [id, directory] = (form.get('RelayState') ?? '').split('.')
    const login = this.#login(request, id)
    const name = directory ?? ''
    const person = await people.fromElsewhere(name, login.id, form.get('SAMLResponse') ?? '')
    if (person !== undefined) return this.#done(login, name, person)
    throw new OauthError('access_denied', 'what the identity provider said does not count')
  }

  /** What a directory's administrator has to know of us. */
  async describe(query: Query): Promise<ServerResponse> {
    const text = await this.#options.people.elsewhere(query.get('directory') ?? '').describe()
    return textResponse(text, 200, 'application/samlmetadata+xml')
  }

  #login(request: ServerRequest, id: string | undefined): PendingLogin {
    const login = this.#logins.find(id ?? '', request.header('cookie') ?? '')
    if (login !== undefined) return login
    throw new OauthError('invalid_request', 'this login is over, or began in another browser: begin again')
  }

  #page(login: PendingLogin): LoginPage {
    const { people, basePath } = this.#options
    const forms = people.directories.map(({ directory: { name, title, kind } }) => ({
      ...{ name, title },
      password: kind === 'password',
    }))
    return { login: login.id, basePath, forms, redirectUri: login.redirectUri }
  }

  async #send(login: string, name: string, headers: Headers = {}): Promise<ServerResponse> {
    try {
      return redirect(await this.#options.people.elsewhere(name).begin(login), headers)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#options.logger.error('a directory cannot be used', { directory: name, error })
      throw new OauthError('temporarily_unavailable', 'the directory cannot be used')
    }
  }

  #done(login: PendingLogin, directory: string, person: Person): ServerResponse {
    const { host, codes, issuer, logger } = this.#options
    const { isFirst, cookie } = this.#logins.end(login)
    if (!isFirst) throw new OauthError('invalid_request', 'this login is over: begin again')
    const code = codes.issue({ login, directory, person, loggedInMs: host.now() })
    logger.info('somebody has logged in', { directory, username: person.username, client: login.clientId })
    const parameters = { code, state: login.state, iss: issuer }
    return redirect(withParameters(login.redirectUri, parameters), { 'set-cookie': cookie })
  }
}
