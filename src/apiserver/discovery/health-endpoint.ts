import { type HealthAnswer, type HealthCheck, HealthChecks } from '../../base/health-checks.ts'
import type { HealthSlis } from '../../base/health-slis.ts'
import type { Logger } from '../../base/logger.ts'
import type { Endpoint } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import { pageNotFound } from '../routing.ts'

const textType = 'text/plain; charset=utf-8'
const noSniff = { 'x-content-type-options': 'nosniff' }

const response = ({ well, text }: HealthAnswer): ServerResponse =>
  textResponse(text, well ? 200 : 500, textType, noSniff)

/** `/healthz`, `/livez` or `/readyz`, with `?verbose`, `?exclude=` and each check by itself. */
export class HealthEndpoint implements Endpoint {
  readonly paths: readonly string[]
  readonly #name: string
  readonly #checks: HealthChecks

  /** `name`: `healthz`. What is added to `checks` later counts, too. `spares`: which are not asked yet, and count as well. */
  constructor(
    name: string,
    checks: readonly HealthCheck[],
    logger: Logger,
    slis: HealthSlis,
    spares: (check: HealthCheck) => boolean = () => false,
  ) {
    this.paths = [`/${name}`, `/${name}/*`]
    this.#name = name
    this.#checks = new HealthChecks(name, checks, logger, slis, spares)
  }

  index(): readonly string[] {
    return [`/${this.#name}`, ...this.#checks.names().map((name) => `/${this.#name}/${name}`)]
  }

  async handle({ path, query }: ServerRequest): Promise<ServerResponse> {
    const single = path.slice(this.#name.length + 2)
    if (path.endsWith('/')) return pageNotFound()
    if (single === '') return response(await this.#checks.all(query.all('exclude'), query.has('verbose')))
    const answer = await this.#checks.single(single)
    return answer === undefined ? pageNotFound() : response(answer)
  }
}
