import type { HealthSlis } from '../../base/health-slis.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { Endpoint } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import { pageNotFound } from '../routing.ts'

/** One thing that must be well. */
export interface HealthCheck {
  /** Upstream's: `etcd`, `poststarthook/rbac/bootstrap-roles`, … */
  readonly name: string
  /** Says whether the server is to be asked, not whether it lives: only `/readyz` has it. */
  readonly onlyReady?: boolean
  /** Throws what is wrong. */
  check(): MaybePromise<void>
}

/** Always well: shows that the server answers. */
export const ping: HealthCheck = { name: 'ping', check: () => {} }

const textType = 'text/plain; charset=utf-8'
const noSniff = { 'x-content-type-options': 'nosniff' }

/** `/healthz`, `/livez` or `/readyz`, with `?verbose`, `?exclude=` and each check by itself (https://kubernetes.io/docs/reference/using-api/health-checks/). */
export class HealthEndpoint implements Endpoint {
  readonly paths: readonly string[]
  readonly #name: string
  readonly #checks: readonly HealthCheck[]
  readonly #logger: Logger
  readonly #slis: HealthSlis
  readonly #spares: (check: HealthCheck) => boolean

  /** `name`: `healthz`. What is added to `checks` later counts, too. `spares`: which are not asked yet, and count as well. */
  constructor(
    name: string,
    checks: readonly HealthCheck[],
    logger: Logger,
    slis: HealthSlis,
    spares: (check: HealthCheck) => boolean = () => false,
  ) {
    this.#spares = spares
    this.paths = [`/${name}`, `/${name}/*`]
    this.#name = name
    this.#checks = checks
    this.#logger = logger
    this.#slis = slis
  }

  index(): readonly string[] {
    return [`/${this.#name}`, ...this.#own().map(({ name }) => `/${this.#name}/${name}`)]
  }

  #own(): readonly HealthCheck[] {
    return this.#name === 'readyz' ? this.#checks : this.#checks.filter(({ onlyReady }) => onlyReady !== true)
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const single = request.path.slice(this.#name.length + 2)
    return single === '' ? this.#all(request) : this.#single(single)
  }

  async #failure(check: HealthCheck): Promise<string | undefined> {
    try {
      if (!this.#spares(check)) await check.check()
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  async #single(name: string): Promise<ServerResponse> {
    const check = this.#own().find((candidate) => candidate.name === name)
    if (check === undefined) return pageNotFound()
    const failure = await this.#failure(check)
    if (failure === undefined) return textResponse('ok', 200, textType, noSniff)
    return textResponse(`internal server error: ${failure}\n`, 500, textType, noSniff)
  }

  async #all({ query }: ServerRequest): Promise<ServerResponse> {
    const excluded = new Set(query.all('exclude'))
    const lines: string[] = []
    const failed: string[] = []
    for (const check of this.#own()) {
      if (excluded.delete(check.name)) {
        lines.push(`[+]${check.name} excluded: ok`)
        continue
      }
      const failure = await this.#failure(check)
      this.#slis.observe(check.name, this.#name, failure === undefined)
      if (failure === undefined) {
        lines.push(`[+]${check.name} ok`)
      } else {
        // What is wrong is for the log: this page is public.
        lines.push(`[-]${check.name} failed: reason withheld`)
        failed.push(check.name)
        this.#logger.warn('a health check failed', { check: check.name, endpoint: this.#name, failure })
      }
    }
    if (excluded.size > 0) {
      const names = [...excluded].sort().map((name) => JSON.stringify(name))
      lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(',')}`)
    }
    if (failed.length > 0) {
      return textResponse([...lines, `${this.#name} check failed\n`].join('\n'), 500, textType, noSniff)
    }
    const text = query.has('verbose') ? [...lines, `${this.#name} check passed\n`].join('\n') : 'ok'
    return textResponse(text, 200, textType, noSniff)
  }
}
