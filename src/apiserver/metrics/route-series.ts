import type { CounterSeries, HistogramSeries } from '../../base/metrics.ts'
import type { RequestFamilies } from './request-families.ts'

/** How bodies' verbs are called. */
const bodyVerbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  APPLY: 'patch',
  DELETE: 'delete',
}

/** Of one answer. */
export interface Answered {
  readonly code: number
  readonly durationMs: number
  /** Of that, what webhooks and a queue took. */
  readonly othersMs: number
  /** Of the answer; undefined where there were no bytes. */
  readonly bytes: number | undefined
  /** Of what was sent; undefined where nobody has read a body. */
  readonly bodyBytes: number | undefined
  readonly bySelf: boolean
}

/** The series of all requests that are alike but for their codes. */
export class RouteSeries {
  readonly #families: RequestFamilies
  /** `verb`, `dry_run`, then `group` to `scope`. */
  readonly #values: readonly string[]
  readonly #component: string
  readonly #codes = new Map<number, CounterSeries>()
  #duration: HistogramSeries | undefined
  #sliDuration: HistogramSeries | undefined
  #responseSize: HistogramSeries | undefined
  #bodySize: HistogramSeries | undefined
  #bySelf: CounterSeries | undefined

  constructor(families: RequestFamilies, values: readonly string[]) {
    this.#families = families
    this.#values = values
    // Pages of health are no part of the API.
    this.#component = values[6] === '' ? '' : 'apiserver'
  }

  counted(code: number): void {
    let series = this.#codes.get(code)
    if (series === undefined) {
      series = this.#families.requests.with([...this.#values, this.#component, String(code)])
      this.#codes.set(code, series)
    }
    series.inc()
  }

  answered({ code, durationMs, othersMs, bytes, bodyBytes, bySelf }: Answered): void {
    const { durations, sliDurations } = this.#families
    const [verb = '', dryRun, ...about] = this.#values
    this.counted(code)
    this.#duration ??= durations.with([...this.#values, this.#component])
    this.#duration.observe(durationMs / 1000)
    if (dryRun === '') {
      this.#sliDuration ??= sliDurations.with([verb, ...about, this.#component])
      this.#sliDuration.observe((durationMs - othersMs) / 1000)
    }
    if (bytes !== undefined && (verb === 'GET' || verb === 'LIST')) {
      this.#responseSize ??= this.#families.responseSizes.with([verb, ...about, this.#component])
      this.#responseSize.observe(bytes)
    }
    if (bodyBytes !== undefined) this.#body(bodyBytes)
    if (bySelf) this.#countSelf()
  }

  #body(bytes: number): void {
    const [verb = '', , group = '', , resource = '', , scope] = this.#values
    const asked = bodyVerbs[verb]
    if (asked === undefined) return
    const called = asked === 'delete' && scope !== 'resource' ? 'delete_collection' : asked
    this.#bodySize ??= this.#families.bodySizes.with([group, resource, called])
    this.#bodySize.observe(bytes)
  }

  #countSelf(): void {
    const [verb = '', , group = '', , resource = '', subresource = ''] = this.#values
    this.#bySelf ??= this.#families.selfRequests.with([verb, group, resource, subresource])
    this.#bySelf.inc()
  }
}
