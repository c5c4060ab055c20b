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
import { RequestTexts } from './request-texts.ts'

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
  readonly #texts = new RequestTexts()

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

  /** Whatever has been noted is where it goes: to be called before anything of an answer leaves. */
  readonly flush = (): void => {
    this.#options.backend.flush?.()
  }

  #begin(request: ServerRequest): AuditRecord | undefined {
    const { host, metrics, policy } = this.#options
    const { info, user } = request
    const config = policy({ ...info, user })
    metrics.levels.inc([config.level])
    return config.level === 'None' ? undefined : new AuditRecord(host, this.#texts, request, config)
  }

  #process(record: AuditRecord, stage: AuditStage): MaybePromise<boolean> {
    if (record.config.omitStages.has(stage)) return true
    const { metrics, backend } = this.#options
    metrics.events.inc()
    return backend.process([record.entry(stage)])
  }

  /** Not an async function, as nearly always there is nothing to wait for. */
  #run(record: AuditRecord, request: ServerRequest, next: Handler): Promise<ServerResponse> {
    const stored = this.#process(record, 'RequestReceived')
    if (stored === true) return this.#go(record, request, next)
    return Promise.resolve(stored).then((isStored) => {
      if (isStored) return this.#go(record, request, next)
      this.#options.metrics.rejected.inc()
      const what = `Internal Server Error: ${goQuote(requestUri(request))}: failed to store audit event`
      return plainError(what, 500)
    })
  }

  #go(record: AuditRecord, request: ServerRequest, next: Handler): Promise<ServerResponse> {
    let response: Promise<ServerResponse>
    try {
      response = next(request)
    } catch (error) {
      response = Promise.reject(error)
    }
    return response.then(
      (answer) => this.#answered(record, request, answer),
      (error: unknown) => this.#failed(record, request, error),
    )
  }

  async #failed(record: AuditRecord, request: ServerRequest, error: unknown): Promise<ServerResponse> {
    if (error instanceof StatusError)
      return this.#answered(record, request, errorResponse(error, request, this.#options.logger))
    record.panicked(error)
    await this.#process(record, 'Panic')
    throw error
  }

  #answered(
    record: AuditRecord,
    request: ServerRequest,
    response: ServerResponse,
  ): MaybePromise<ServerResponse> {
    record.answeredBy(response)
    if (!isLongRunning(request)) return this.#completing(record, request, response)
    const started = this.#process(record, 'ResponseStarted')
    // It may be another protocol's from here on, which nothing holds back.
    this.flush()
    const go = () => this.#completing(record, request, response)
    return started instanceof Promise ? started.then(go) : go()
  }

  #completing(
    record: AuditRecord,
    request: ServerRequest,
    response: ServerResponse,
  ): MaybePromise<ServerResponse> {
    let complete: MaybePromise<boolean> = true
    const shown = whenEnded(request, response, () => {
      complete = this.#process(record, 'ResponseComplete')
    })
    return waitFor(complete, shown)
  }
}

const waitFor = (complete: MaybePromise<boolean>, response: ServerResponse): MaybePromise<ServerResponse> =>
  complete instanceof Promise ? complete.then(() => response) : response
