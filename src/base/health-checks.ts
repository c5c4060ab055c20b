import type { HealthSlis } from './health-slis.ts'
import type { Logger } from './logger.ts'
import { messageOf } from './message-of.ts'

/** One thing that must be well. */
export interface HealthCheck {
  /** Upstream's: `etcd`, `poststarthook/rbac/bootstrap-roles`, … */
  readonly name: string
  /** Says whether the server is to be asked, not whether it lives: only `/readyz` has it. */
  readonly onlyReady?: boolean
  /** Throws what is wrong. */
  check(): void | Promise<void>
}

/** Always well: shows that the server answers. */
export const ping: HealthCheck = { name: 'ping', check: () => {} }

export interface HealthAnswer {
  readonly well: boolean
  readonly text: string
}

/** What `/healthz`, `/livez` or `/readyz` say (https://kubernetes.io/docs/reference/using-api/health-checks/). */
export class HealthChecks {
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
    this.#name = name
    this.#checks = checks
    this.#logger = logger
    this.#slis = slis
  }

  names(): readonly string[] {
    return this.#own().map(({ name }) => name)
  }

  #own(): readonly HealthCheck[] {
    return this.#name === 'readyz' ? this.#checks : this.#checks.filter(({ onlyReady }) => onlyReady !== true)
  }

  async #failure(check: HealthCheck): Promise<string | undefined> {
    try {
      if (!this.#spares(check)) await check.check()
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  /** Undefined: there is no such check. */
  async single(name: string): Promise<HealthAnswer | undefined> {
    const check = this.#own().find((candidate) => candidate.name === name)
    if (check === undefined) return undefined
    const failure = await this.#failure(check)
    return failure === undefined
      ? { well: true, text: 'ok' }
      : { well: false, text: `internal server error: ${failure}\n` }
  }

  async all(exclude: readonly string[], verbose: boolean): Promise<HealthAnswer> {
    const excluded = new Set(exclude)
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
    if (failed.length > 0) return { well: false, text: [...lines, `${this.#name} check failed\n`].join('\n') }
    return { well: true, text: verbose ? [...lines, `${this.#name} check passed\n`].join('\n') : 'ok' }
  }
}
