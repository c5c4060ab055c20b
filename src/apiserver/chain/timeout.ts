import { badRequest, statusError } from '../../apimachinery/status-error.ts'
import type { ByteSink } from '../../base/byte-sink.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Filter, Handler } from '../filter.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { whenEnded } from '../when-ended.ts'
import { isLongRunning } from './long-running.ts'

interface Running {
  readonly dueMs: number
  readonly expire: () => void
  done: boolean
}

/** Deadlines that are all equally far away, so that one timer for the nearest does for all. */
class Deadlines {
  readonly #host: Host
  readonly #timeoutMs: number
  #running: Running[] = []
  #first = 0
  #timer: Timer | undefined

  constructor(host: Host, timeoutMs: number) {
    this.#host = host
    this.#timeoutMs = timeoutMs
  }

  add(expire: () => void): Running {
    const running: Running = { dueMs: this.#host.monotonicMs() + this.#timeoutMs, expire, done: false }
    this.#running.push(running)
    this.#timer ??= this.#host.schedule(this.#timeoutMs, () => this.#fire())
    return running
  }

  /** Forgets what is done at the front of the queue. */
  trim(): void {
    while (this.#running[this.#first]?.done) this.#first++
    if (this.#first === this.#running.length) {
      this.#running = []
      this.#first = 0
      this.#timer?.cancel()
      this.#timer = undefined
    } else if (this.#first > 1024) {
      this.#running = this.#running.slice(this.#first)
      this.#first = 0
    }
  }

  #fire(): void {
    this.#timer = undefined
    const nowMs = this.#host.monotonicMs()
    for (const running of this.#running.slice(this.#first)) {
      if (running.dueMs > nowMs) break
      if (!running.done) running.expire()
      running.done = true
    }
    this.trim()
    const next = this.#running[this.#first]
    if (next !== undefined)
      this.#timer ??= this.#host.schedule(Math.max(0, next.dueMs - nowMs), () => this.#fire())
  }
}

const durations: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Go's duration, in milliseconds; undefined for anything else. */
function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  let ms = 0
  for (const [, number = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    ms += Number(number) * (durations[unit] ?? 0)
  return ms
}

/** `?timeout=` may shorten the server's own. */
export function askedTimeoutMs(request: ServerRequest): number | undefined {
  const text = request.query.isEmpty ? undefined : request.query.get('timeout')
  if (text === undefined || text === '' || text === '0') return undefined
  const ms = parseDuration(text)
  if (ms === undefined) {
    const detail = `time: invalid duration ${JSON.stringify(text)}`
    throw badRequest(`invalid timeout specified in the request URL - ${detail}`)
  }
  return ms === 0 ? undefined : ms
}

const tooSlow = (): Error =>
  statusError('Timeout', 'Timeout: request did not complete within the allotted timeout', {})

export interface TimeoutOptions {
  readonly host: Host
  /** Told of what is given up. */
  readonly metrics: Pick<ServerMetrics, 'terminated' | 'aborted'>
  readonly timeoutMs: number
}

/** Calls `expire` when the time is up; returns what prevents that. */
type Arm = (expire: () => void) => () => void

/**
 * Answers 504 when a request takes longer than `timeoutMs` (`--request-timeout`), and breaks off an answer of which
 * not everything has been sent by then; what it started goes on.
 */
export function timeoutFilter({ host, metrics, timeoutMs }: TimeoutOptions): Filter {
  const deadlines = new Deadlines(host, timeoutMs)
  const armUsual: Arm = (expire) => {
    const running = deadlines.add(expire)
    return () => {
      running.done = true
      deadlines.trim()
    }
  }
  return (request, next) => {
    if (isLongRunning(request)) return next(request)
    const asked = askedTimeoutMs(request)
    if (asked === undefined || asked >= timeoutMs) return limited(request, next, metrics, armUsual)
    return limited(request, next, metrics, (expire) => {
      const timer = host.schedule(asked, expire)
      return () => timer.cancel()
    })
  }
}

function limited(
  request: ServerRequest,
  next: Handler,
  metrics: TimeoutOptions['metrics'],
  arm: Arm,
): Promise<ServerResponse> {
  return new Promise((resolve, reject) => {
    let sent: ByteSink | undefined
    let isAnswered = false
    const disarm = arm(() => {
      if (!isAnswered) {
        metrics.terminated(request, 504)
        reject(tooSlow())
      } else if (sent !== undefined) {
        metrics.aborted(request)
        sent.destroy()
      }
    })
    next(request).then(
      (response) => {
        isAnswered = true
        if (response.type !== 'stream') {
          disarm()
          resolve(response)
          return
        }
        const start = (sink: ByteSink): void => {
          sent = sink
          response.start(sink)
        }
        resolve(whenEnded(request, { ...response, start }, disarm))
      },
      (error: unknown) => {
        disarm()
        reject(error)
      },
    )
  })
}
