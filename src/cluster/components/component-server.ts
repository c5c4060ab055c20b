import { isStatus, StatusError, statusError } from '../../apimachinery/status-error.ts'
import { AuthenticationError } from '../../apiserver/authentication/authentication-error.ts'
import type { FrontProxyTrust } from '../../apiserver/authentication/front-proxy.ts'
import type { AuthenticationTrust } from '../../apiserver/bootstrap/authentication-trust.ts'
import { HealthEndpoint } from '../../apiserver/discovery/health-endpoint.ts'
import type { Endpoint } from '../../apiserver/endpoint.ts'
import { startHttpServer } from '../../apiserver/http/http-server.ts'
import type { HttpServerOptions } from '../../apiserver/http/http-server-options.ts'
import type { ServerRequest, UserInfo } from '../../apiserver/request.ts'
import { type ServerResponse, textResponse } from '../../apiserver/response.ts'
import { defined } from '../../base/defined.ts'
import type { HealthCheck } from '../../base/health-checks.ts'
import { HealthSlis } from '../../base/health-slis.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Logger } from '../../base/logger.ts'
import { sleep } from '../../base/sleep.ts'
import { type CertificateFiles, followCertificates, readCertificates } from '../access/follow-certificates.ts'
import type { KeyPair } from '../pki/certificate.ts'
import { announcedTrust } from './announced-trust.ts'
import { ComponentAccess, type ComponentAccessOptions, covers } from './component-access.ts'

/** What each page asks; what is added later counts, too. */
export type ComponentHealth = Readonly<Record<'healthz' | 'livez' | 'readyz', readonly HealthCheck[]>>

export interface ComponentServerOptions
  extends Pick<HttpServerOptions, 'address' | 'port' | 'tls' | 'http2' | 'sharesPort' | 'limits'> {
  readonly logger: Logger
  readonly serving: KeyPair
  readonly access: ComponentAccessOptions
  /** Followed while they change. */
  readonly files: CertificateFiles
  /** Who speaks for others. */
  readonly frontProxy: FrontProxyTrust | undefined
  /** The API server says whose clients and which front proxy count where neither `files` nor `frontProxy` does (`extension-apiserver-authentication`). */
  readonly looksUp: boolean
  /** False: it must have said so at the start. */
  readonly toleratesLookupFailure: boolean
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
/** And how often until it has answered once. */
const firstAnswerPollMs = 1_000
/** As long as upstream's controller manager waits for its API server. */
const refusalPatienceMs = 10_000
/** What it serves beside pages. */
export const componentPaths: readonly string[] = [
  '/healthz',
  '/livez',
  '/metrics',
  '/metrics/slis',
  '/readyz',
]
/** Health and metrics of a component over HTTPS, as upstream's: who may see more than its health, the API server says. */
class ComponentServer {
  readonly #options: ComponentServerOptions
  readonly #slis = new HealthSlis()
  readonly #pages: readonly Endpoint[]
  readonly #access: ComponentAccess

  constructor(options: ComponentServerOptions, access: ComponentAccess) {
    this.#options = options
    this.#access = access
    const { health, logger, pages } = options
    const names = ['healthz', 'livez', 'readyz'] as const
    this.#pages = [
      ...names.map((name) => new HealthEndpoint(name, health[name], logger, this.#slis)),
      ...pages,
    ]
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const refusal = this.#access.isOpen(request.path) ? undefined : await this.#refusal(request)
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

  async #refusal(request: ServerRequest): Promise<ServerResponse | undefined> {
    let user: UserInfo
    try {
      user = await this.#access.userOf(request)
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
      return textResponse('Unauthorized\n', 401, plain)
    }
    const { path, method } = request
    if (await this.#access.mayDo(user, path, method.toLowerCase())) return undefined
    const what = `User "${user.name}" cannot ${method.toLowerCase()} path "${path}"`
    const { status } = statusError('Forbidden', `forbidden: ${what}`)
    return textResponse(`${JSON.stringify(status)}\n`, 403, 'application/json')
  }
}

/** What the API server announces, and whether it has said so. */
interface LookedUp {
  readonly trust: AuthenticationTrust
  readonly answered: boolean
}

/** Not yet there: components and their API server start in any order. */
const isAway = (error: unknown): boolean =>
  error instanceof Error && isStatus(error.cause, 'ServiceUnavailable')

/**
 * What of it cannot be had is not trusted; undefined where nobody is to be asked. Rejects where a refusal is not
 * tolerated.
 */
async function lookUp(options: ComponentServerOptions): Promise<LookedUp | undefined> {
  const { access, files, frontProxy, looksUp, toleratesLookupFailure, logger } = options
  const isComplete = files.client !== undefined && frontProxy !== undefined
  if (!looksUp || isComplete || access.authentication === undefined) return undefined
  try {
    return { trust: await announcedTrust(access.authentication), answered: true }
  } catch (error) {
    const away = isAway(error)
    if (!away && !toleratesLookupFailure) throw error
    logger.warn('it is not known whose client certificates count', { error })
    return { trust: {}, answered: !away }
  }
}

/** A server that is starting may refuse at first what it allows soon. Rejects with its last refusal. */
async function firstLookUp(options: ComponentServerOptions): Promise<LookedUp | undefined> {
  const end = realHost.monotonicMs() + refusalPatienceMs
  for (;;) {
    try {
      return await lookUp(options)
    } catch (error) {
      if (realHost.monotonicMs() > end) throw error
      await sleep(realHost, firstAnswerPollMs)
    }
  }
}

/** Starts it; gives what stops it. */
export async function startComponentServer(options: ComponentServerOptions): Promise<() => Promise<void>> {
  const { logger, address, port, files } = options
  const access = new ComponentAccess(options.access)
  const server = new ComponentServer(options, access)
  let read = readCertificates(files)
  const first = await firstLookUp(options)
  let announced: AuthenticationTrust = first?.trust ?? {}
  const shown = () => {
    const frontProxy = options.frontProxy ?? announced.frontProxy
    const proxyAuthority = read.frontProxy ?? frontProxy?.authority
    access.trust(frontProxy)
    return {
      ...(read.serving ?? options.serving),
      named: read.named ?? [],
      clientAuthorities: defined({
        client: read.client ?? announced.clientAuthority,
        'front-proxy': proxyAuthority,
      }),
    }
  }
  const { tls, http2 = true, sharesPort = false, limits = {} } = options
  const http = await startHttpServer({
    ...{ host: realHost, logger, address, port, http2, sharesPort, limits, ...defined({ tls }) },
    ...shown(),
    handler: (request) => server.handle(request),
  })
  const stopFollowing = followCertificates(files, logger, (next) => {
    read = next
    http.replaceCertificates(shown())
  })
  let asking: NodeJS.Timeout | undefined
  const askLater = (last: LookedUp | undefined): void => {
    if (last === undefined) return
    asking = setTimeout(() => void ask(), last.answered ? authorityPollMs : firstAnswerPollMs).unref()
  }
  let closed = false
  const ask = async (): Promise<void> => {
    const found = await lookUp({ ...options, toleratesLookupFailure: true })
    if (closed) return
    // What has been announced once counts until something else is.
    const current = { ...announced, ...found?.trust }
    if (JSON.stringify(current) !== JSON.stringify(announced)) {
      announced = current
      http.replaceCertificates(shown())
    }
    askLater(found)
  }
  askLater(first)
  return () => {
    closed = true
    clearTimeout(asking)
    stopFollowing()
    return http.close(closeGraceMs)
  }
}
