import type { Host } from '../../base/host.ts'
import type { Gauge, Metrics } from '../../base/metrics.ts'
import type { ServerRequest } from '../request.ts'

export type RequestKind = 'readOnly' | 'mutating'

const kinds: readonly RequestKind[] = ['readOnly', 'mutating']
const readOnlyVerbs = new Set(['get', 'list', 'watch'])

export const requestKind = ({ info }: ServerRequest): RequestKind =>
  readOnlyVerbs.has(info.verb) ? 'readOnly' : 'mutating'

const windowMs = 1000

/** How many there were at most in the second before. */
class Watermark {
  count = 0
  #most = 0
  #shown = 0
  #sinceMs = 0

  add(by: number, nowMs: number): void {
    this.#roll(nowMs)
    this.count += by
    if (this.count > this.#most) this.#most = this.count
  }

  shown(nowMs: number): number {
    this.#roll(nowMs)
    return this.#shown
  }

  #roll(nowMs: number): void {
    const passedMs = nowMs - this.#sinceMs
    if (passedMs < windowMs) return
    // Of several seconds in which nothing changed the last one counts.
    this.#shown = passedMs < 2 * windowMs ? this.#most : this.count
    this.#most = this.count
    this.#sinceMs = nowMs
  }
}

const watermarks = (): Readonly<Record<RequestKind, Watermark>> => ({
  readOnly: new Watermark(),
  mutating: new Watermark(),
})

/** What is executed, and what waits for it, of requests that are limited. */
export class InFlightMetrics {
  readonly #host: Host
  readonly #executing = watermarks()
  readonly #waiting = watermarks()

  constructor(host: Host, metrics: Metrics) {
    this.#host = host
    const gauge = (name: string, help: string): Gauge =>
      metrics.gauge({ name, help, labels: ['request_kind'] })
    const executing = gauge(
      'apiserver_current_inflight_requests',
      'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
    )
    const waiting = gauge(
      'apiserver_current_inqueue_requests',
      'Maximal number of queued requests in this apiserver per request kind in last second.',
    )
    metrics.onCollect(() => {
      const nowMs = host.monotonicMs()
      for (const kind of kinds) {
        executing.set(this.#executing[kind].shown(nowMs), [kind])
        waiting.set(this.#waiting[kind].shown(nowMs), [kind])
      }
    })
  }

  executing(kind: RequestKind): number {
    return this.#executing[kind].count
  }

  execute(kind: RequestKind, by: 1 | -1): void {
    this.#executing[kind].add(by, this.#host.monotonicMs())
  }

  wait(kind: RequestKind, by: 1 | -1): void {
    this.#waiting[kind].add(by, this.#host.monotonicMs())
  }
}
