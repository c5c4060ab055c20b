import { goQuote } from '../../apimachinery/go-text.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { MaybePromise } from '../authenticator.ts'
import { isLongRunning } from '../chain/long-running.ts'
import { errorResponse } from '../chain/recover.ts'
import type { Filter, Handler } from '../filter.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { plainError } from '../routing.ts'
import { whenEnded } from '../when-ended.ts'
import type { AuditBackend } from './audit-backend.ts'
import type { AuditMetrics } from './audit-metrics.ts'
import type { AuditStage, EvaluatePolicy } from './audit-policy.ts'
import { AuditRecord, requestUri } from './audit-record.ts'

export interface AuditingOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: AuditMetrics
  readonly policy: EvaluatePolicy
  readonly backend: AuditBackend
}

/** Tells a backend of requests, as far as a policy wants (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/). */
export class Auditing {
  readonly #options: AuditingOptions

  constructor(options: AuditingOptions) {
    this.#options = options
  }

  /** Of whoever is known: behind authentication. */
  readonly filter: Filter = (request, next) => {
    const record = this.#begin(request)
    if (record === undefined) return next(request)
    request.audit = record
    return this.#run(record, request, next)
  }

  /** Of whoever is not: what is answered to `error`. */
  readonly refused = async (request: ServerRequest, error: unknown): Promise<ServerResponse> => {
    const response = errorResponse(error, request, this.#options.logger)
    const record = this.#begin(request)
    if (record === undefined) return response
    record.answeredBy(response)
    await this.#process(record, 'ResponseStarted')
    return response
  }

  #begin(request: ServerRequest): AuditRecord | undefined {
    const { host, metrics, policy } = this.#options
    const { info, user } = request
    const config = policy({ ...info, user })
    metrics.levels.inc([config.level])
    return config.level === 'None' ? undefined : new AuditRecord(host, request, config)
  }

  #process(record: AuditRecord, stage: AuditStage): MaybePromise<boolean> {
    if (record.config.omitStages.has(stage)) return true
    const { metrics, backend } = this.#options
    metrics.events.inc()
    return backend.process([record.event(stage)])
  }

  async #run(record: AuditRecord, request: ServerRequest, next: Handler): Promise<ServerResponse> {
    const { metrics, logger } = this.#options
    const stored = this.#process(record, 'RequestReceived')
    if (!(stored instanceof Promise ? await stored : stored)) {
      metrics.rejected.inc()
      const what = `Internal Server Error: ${goQuote(requestUri(request))}: failed to store audit event`
      return plainError(what, 500)
    }
    try {
      return await this.#answered(record, request, await next(request))
    } catch (error) {
      if (error instanceof StatusError)
        return this.#answered(record, request, errorResponse(error, request, logger))
      record.panicked(error)
      await this.#process(record, 'Panic')
      throw error
    }
  }

  async #answered(
    record: AuditRecord,
    request: ServerRequest,
    response: ServerResponse,
  ): Promise<ServerResponse> {
    record.answeredBy(response)
    if (isLongRunning(request)) await this.#process(record, 'ResponseStarted')
    let complete: MaybePromise<boolean> = true
    const shown = whenEnded(request, response, () => {
      complete = this.#process(record, 'ResponseComplete')
    })
    await complete
    return shown
  }
}
