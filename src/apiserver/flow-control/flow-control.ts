import { FlowSchema } from '../../api/flowcontrol/flow-schema/kind.ts'
import { PriorityLevelConfiguration } from '../../api/flowcontrol/priority-level-configuration/kind.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import { assert } from '../../base/assert.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { isLongRunning } from '../chain/long-running.ts'
import { askedTimeoutMs } from '../chain/timeout.ts'
import type { Filter, Handler } from '../filter.ts'
import { InFlightMetrics, requestKind } from '../metrics/in-flight-metrics.ts'
import { ServerMetrics } from '../metrics/server-metrics.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { plainError } from '../routing.ts'
import { whenEnded } from '../when-ended.ts'
import { DroppedRequests } from './dropped-requests.ts'
import { estimateWork, type SizeOf } from './estimate-work.ts'
import type { Flow } from './flow.ts'
import { FlowConfiguration } from './flow-configuration.ts'
import { FlowMetrics } from './flow-metrics.ts'
import type { PriorityLevel } from './priority-level.ts'
import type { Ticket } from './queue-set.ts'
import { WatchCounts } from './watch-counts.ts'
import { ConditionWriter } from './write-conditions.ts'

export interface FlowControlOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly reader: ObjectReader
  /** Seats of all levels: upstream adds `--max-requests-inflight` and `--max-mutating-requests-inflight`. */
  readonly serverSeats: number
  /** `--request-timeout`: a request waits for a quarter of it. */
  readonly requestTimeoutMs: number
  readonly sizeOf: SizeOf
}

/** Between two divisions of the seats. */
const adjustmentMs = 10_000
const longestWaitMs = 60_000
const tooMany = 'Too many requests, please try again later.'

/**
 * API priority and fairness (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/): every request
 * belongs to a flow of a priority level, whose seats and queues decide when it runs.
 */
export class FlowControl {
  /** Watches tell it of themselves. */
  readonly watches = new WatchCounts()
  readonly #options: FlowControlOptions
  readonly #configuration: FlowConfiguration
  readonly #metrics: FlowMetrics
  readonly #server: ServerMetrics
  readonly #inFlight: InFlightMetrics
  readonly #dropped = new Map<string, DroppedRequests>()

  constructor(options: FlowControlOptions) {
    this.#options = options
    this.#configuration = new FlowConfiguration({ ...options, watches: this.watches }, () => this.#metrics)
    this.#metrics = new FlowMetrics(options.host, options.metrics, () => this.#configuration.levels)
    this.#server = new ServerMetrics(options.metrics)
    this.#inFlight = new InFlightMetrics(options.host, options.metrics)
    this.#configuration.update()
  }

  /** For whoever wants to look at them. */
  get levels(): Iterable<PriorityLevel> {
    return this.#configuration.levels
  }

  /** Follows the objects, and writes their conditions through `transport`. Returns what ends that. */
  start(transport: Transport): () => void {
    const { host, logger, reader } = this.#options
    const writer = new ConditionWriter({ host, logger, transport, stale: () => this.#configuration.stale() })
    const update = (): void => {
      this.#configuration.update()
      writer.look()
    }
    const leave = [reader.onChange(FlowSchema, update), reader.onChange(PriorityLevelConfiguration, update)]
    let timer: Timer
    const adjust = (): void => {
      timer = host.schedule(adjustmentMs, () => {
        this.#configuration.adjust()
        adjust()
      })
    }
    adjust()
    update()
    return () => {
      timer.cancel()
      writer.stop()
      for (const each of leave) each()
    }
  }

  readonly filter: Filter = (request, next) => {
    const { info, user, source } = request
    // What runs in this process is bounded by its own workers (decision 0075).
    if (source.wantsObjects || (info.verb !== 'watch' && isLongRunning(request))) return next(request)
    assert(user !== undefined, 'a request reaches flow control without a user')
    const flow = this.#configuration.classify(user, info)
    request.flowHeaders = flow.headers
    const { level } = flow
    const work = estimateWork(request, flow.estimator, level.widestRequest)
    this.#metrics.estimated(level.name, flow.name, Math.max(work.initialSeats, work.finalSeats))
    const distinguisher = flow.distinguish(user, info)
    const hand = flow.handOf(distinguisher)
    const ticket = level.queues.start({ use: flow.use, distinguisher, hand, work, request })
    if (ticket === undefined) {
      if (!level.isExempt) this.#metrics.waited(level.name, flow.name, false, 0)
      return this.#refuse(request, level)
    }
    return ticket.isExecuting
      ? this.#run(flow, ticket, request, next)
      : this.#wait(flow, ticket, request, next)
  }

  #run(flow: Flow, ticket: Ticket, request: ServerRequest, next: Handler): Promise<ServerResponse> {
    const { level, name } = flow
    const startedMs = ticket.startedMs ?? ticket.arrivedMs
    if (!level.isExempt) this.#metrics.waited(level.name, name, true, startedMs - ticket.arrivedMs)
    const type = request.info.verb === 'watch' ? 'watch' : 'regular'
    const kind = requestKind(request)
    this.#inFlight.execute(kind, 1)
    const finish = (): void => {
      level.queues.finish(ticket)
      this.#inFlight.execute(kind, -1)
      this.#metrics.executed(level.name, name, type, this.#options.host.monotonicMs() - startedMs)
    }
    let response: Promise<ServerResponse>
    try {
      response = next(request)
    } catch (error) {
      finish()
      throw error
    }
    return response.then(
      (answer) => {
        // A watch has its seat until it begins, anything else until it has been sent.
        if (type === 'regular' && answer.type === 'stream') return whenEnded(request, answer, finish)
        finish()
        return answer
      },
      (error: unknown) => {
        finish()
        throw error
      },
    )
  }

  #wait(flow: Flow, ticket: Ticket, request: ServerRequest, next: Handler): Promise<ServerResponse> {
    const { host } = this.#options
    const { level } = flow
    const { signal } = request
    const kind = requestKind(request)
    this.#inFlight.wait(kind, 1)
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#inFlight.wait(kind, -1)
        timer.cancel()
        signal.removeEventListener('abort', giveUp)
      }
      const giveUp = (): void => {
        if (!level.queues.giveUp(ticket)) return
        leave()
        this.#metrics.waited(level.name, flow.name, false, host.monotonicMs() - ticket.arrivedMs)
        resolve(new Promise((answer) => answer(this.#refuse(request, level))))
      }
      const timer = host.schedule(this.#waitMs(request), giveUp)
      signal.addEventListener('abort', giveUp, { once: true })
      ticket.onDispatch = () => {
        leave()
        request.took('apf-queue-wait', host.monotonicMs() - ticket.arrivedMs)
        try {
          resolve(this.#run(flow, ticket, request, next))
        } catch (error) {
          reject(error)
        }
      }
    })
  }

  /** What is left of the time that it may wait. */
  #waitMs(request: ServerRequest): number {
    const { host, requestTimeoutMs } = this.#options
    const asked = request.info.verb === 'watch' ? undefined : askedTimeoutMs(request)
    const allowedMs = Math.min((asked ?? requestTimeoutMs) / 4, longestWaitMs)
    return Math.max(0, request.startedMs + allowedMs - host.monotonicMs())
  }

  #refuse(request: ServerRequest, level: PriorityLevel): Promise<ServerResponse> {
    this.#server.dropped(request)
    const dropped = this.#dropped.get(level.name) ?? new DroppedRequests()
    this.#dropped.set(level.name, dropped)
    dropped.record(this.#options.host.now())
    const { retryAfterSeconds } = dropped
    const answer = plainError(tooMany, 429, { 'retry-after': String(retryAfterSeconds) })
    return Promise.resolve(answer)
  }
}
