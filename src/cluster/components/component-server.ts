import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { StatusError, statusError } from '../../apimachinery/status-error.ts'
import { AuthenticationError } from '../../apiserver/authentication/authentication-error.ts'
import { bearerToken } from '../../apiserver/authentication/bearer-token.ts'
import { ClientCertificateAuthenticator } from '../../apiserver/authentication/client-certificate.ts'
import { type HealthCheck, HealthEndpoint } from '../../apiserver/discovery/health-endpoint.ts'
import type { Endpoint } from '../../apiserver/endpoint.ts'
import { startHttpServer } from '../../apiserver/http/http-server.ts'
import type { ServerRequest, UserInfo } from '../../apiserver/request.ts'
import { type ServerResponse, textResponse } from '../../apiserver/response.ts'
import { defined } from '../../base/defined.ts'
import { HealthSlis } from '../../base/health-slis.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../../client/client.ts'
import { type CertificateFiles, followCertificates, readCertificates } from '../access/follow-certificates.ts'
import type { KeyPair } from '../pki/certificate.ts'
import { reviewAccess, reviewToken } from './reviews.ts'
import type { TlsOptions } from './tls-options.ts'

/** What each page asks; what is added later counts, too. */
export type ComponentHealth = Readonly<Record<'healthz' | 'livez' | 'readyz', readonly HealthCheck[]>>

export interface ComponentServerOptions {
  readonly logger: Logger
  readonly address: string
  readonly port: number
  readonly serving: KeyPair
  readonly tls: TlsOptions
  /** Followed while they change; without `client` the API server says whose clients count (`extension-apiserver-authentication`). */
  readonly files: CertificateFiles
  /** Asked who a token's user is; absent: nobody is known. */
  readonly authentication?: Client
  /** Asked what a user may; absent: nothing. */
  readonly authorization?: Client
  /** Need no permission; a `*` at the end stands for anything. */
  readonly openPaths: readonly string[]
  readonly metrics: () => string
  /** Shown to those who may get their paths. */
  readonly pages: readonly Endpoint[]
  readonly health: ComponentHealth
}

const plain = 'text/plain; charset=utf-8'
const exposition = 'text/plain; version=0.0.4; charset=utf-8'
const closeGraceMs = 1_000
/** How often the API server is asked whose clients count. */
const authorityPollMs = 60_000
/** What it serves beside pages. */
export const componentPaths: readonly string[] = [
  '/healthz',
  '/livez',
  '/metrics',
  '/metrics/slis',
  '/readyz',
]
const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

async function announcedAuthority(client: Client | undefined): Promise<string | undefined> {
  if (client === undefined) return undefined
  const name = 'extension-apiserver-authentication'
  const found = await client
    .resource(ConfigMap)
    .get('kube-system', name)
    .catch(() => undefined)
  return found?.data?.['client-ca-file']
}

const covers = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern

/** Health and metrics of a component over HTTPS, as upstream's: who may see more than its health, the API server says. */
class ComponentServer {
  readonly #options: ComponentServerOptions
  readonly #slis = new HealthSlis()
  readonly #pages: readonly Endpoint[]
  readonly #certificates = new ClientCertificateAuthenticator(realHost)

  constructor(options: ComponentServerOptions) {
    this.#options = options
    const { health, logger, pages } = options
    const names = ['healthz', 'livez', 'readyz'] as const
    this.#pages = [
      ...names.map((name) => new HealthEndpoint(name, health[name], logger, this.#slis)),
      ...pages,
    ]
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const refusal = this.#isOpen(request.path) ? undefined : await this.#refusal(request)
    if (refusal !== undefined) return refusal
    switch (request.path) {
      case '/metrics':
        return textResponse(this.#options.metrics(), 200, exposition)
      case '/metrics/slis':
        return textResponse(this.#slis.expose(), 200, exposition)
      default:
        return this.#page(request)
    }
  }

  async #page(request: ServerRequest): Promise<ServerResponse> {
    const page = this.#pages.find(({ paths }) => paths.some((path) => covers(path, request.path)))
    if (page === undefined) return textResponse('404 page not found\n', 404, plain)
    try {
      return await page.handle(request)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      const { status } = error
      return textResponse(`${JSON.stringify(status)}\n`, status.code ?? 500, 'application/json')
    }
  }

  #isOpen(path: string): boolean {
    return this.#options.openPaths.some((open) => covers(open, path))
  }

  async #refusal(request: ServerRequest): Promise<ServerResponse | undefined> {
    let user: UserInfo
    try {
      user = await this.#userOf(request)
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
      return textResponse('Unauthorized\n', 401, plain)
    }
    const { path, method } = request
    if (await this.#mayDo(user, path, method.toLowerCase())) return undefined
    const what = `User "${user.name}" cannot ${method.toLowerCase()} path "${path}"`
    const { status } = statusError('Forbidden', `forbidden: ${what}`)
    return textResponse(`${JSON.stringify(status)}\n`, 403, 'application/json')
  }

  async #userOf(request: ServerRequest): Promise<UserInfo> {
    const byCertificate = this.#certificates.authenticate(request)
    if (byCertificate !== undefined) return byCertificate.user
    const token = bearerToken(request)
    if (token === undefined) return anonymous
    const { authentication } = this.#options
    const user = authentication && (await reviewToken(authentication, token))
    if (user === undefined) throw new AuthenticationError('the token is unknown')
    return user
  }

  async #mayDo(user: UserInfo, path: string, verb: string): Promise<boolean> {
    if (user.groups.includes('system:masters')) return true
    const { authorization } = this.#options
    if (authorization === undefined) return false
    return reviewAccess(authorization, user, { nonResourceAttributes: { path, verb } })
  }
}

/** Starts it; gives what stops it. */
export async function startComponentServer(options: ComponentServerOptions): Promise<() => Promise<void>> {
  const { logger, address, port, tls, files, authentication } = options
  const server = new ComponentServer(options)
  let read = readCertificates(files)
  let announced = files.client === undefined ? await announcedAuthority(authentication) : undefined
  const shown = () => ({
    ...(read.serving ?? options.serving),
    named: read.named ?? [],
    clientAuthorities: defined({ client: read.client ?? announced }),
  })
  const http = await startHttpServer({
    ...{ host: realHost, logger, address, port, tls },
    ...shown(),
    handler: (request) => server.handle(request),
  })
  const stopFollowing = followCertificates(files, logger, (next) => {
    read = next
    http.replaceCertificates(shown())
  })
  const ask = async (): Promise<void> => {
    const current = await announcedAuthority(authentication)
    if (current === undefined || current === announced) return
    announced = current
    http.replaceCertificates(shown())
  }
  const asking = files.client === undefined ? setInterval(ask, authorityPollMs).unref() : undefined
  return () => {
    clearInterval(asking)
    stopFollowing()
    return http.close(closeGraceMs)
  }
}
