import { exponentialBuckets } from '../../base/exponential-buckets.ts'
import type { Counter, CounterSeries, HistogramSeries, Metrics } from '../../base/metrics.ts'
import type { AuthorizerDecision } from '../authorizer.ts'

const buckets = exponentialBuckets(0.001, 2, 15)

/** How often something ended so, and after how long. */
class Outcomes {
  readonly #attempts: Counter
  readonly #seconds: (result: string) => HistogramSeries
  readonly #known = new Map<string, readonly [CounterSeries, HistogramSeries]>()

  constructor(attempts: Counter, seconds: (result: string) => HistogramSeries) {
    this.#attempts = attempts
    this.#seconds = seconds
  }

  note(result: string, ms: number): void {
    let series = this.#known.get(result)
    if (series === undefined) {
      series = [this.#attempts.with([result]), this.#seconds(result)]
      this.#known.set(result, series)
    }
    series[0].inc()
    series[1].observe(ms / 1000)
  }
}

function outcomes(
  metrics: Metrics,
  subject: string,
  attempts: { readonly name: string; readonly help: string },
): Outcomes {
  const labels = ['result']
  const durations = metrics.histogram({
    name: `${subject.toLowerCase()}_duration_seconds`,
    help: `${subject} duration in seconds broken out by result.`,
    labels,
    buckets,
  })
  return new Outcomes(metrics.counter({ ...attempts, labels }), (result) => durations.with([result]))
}

/** Users that are told apart; names are nobody's business. */
const namedUsers = new Set([
  'admin',
  'client',
  'kube_proxy',
  'kubelet',
  'system:serviceaccount:kube-system:default',
])

const shownUser = (name: string): string =>
  namedUsers.has(name) ? name : name.includes('@') ? 'email_id' : 'other'

/** How requests fared that said who they are, or had to be allowed. */
export class AccessMetrics {
  readonly #authentication: Outcomes
  readonly #authorization: Outcomes
  readonly #users: Counter
  readonly #byUser = new Map<string, CounterSeries>()

  constructor(metrics: Metrics) {
    this.#authentication = outcomes(metrics, 'Authentication', {
      name: 'authentication_attempts',
      help: 'Counter of authenticated attempts.',
    })
    this.#authorization = outcomes(metrics, 'Authorization', {
      name: 'authorization_attempts_total',
      help: "Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or 'error'.",
    })
    this.#users = metrics.counter({
      name: 'authenticated_user_requests',
      help: 'Counter of authenticated requests broken out by username.',
      labels: ['username'],
    })
  }

  authenticated(user: string, ms: number): void {
    this.#authentication.note('success', ms)
    const shown = shownUser(user)
    let series = this.#byUser.get(shown)
    if (series === undefined) {
      series = this.#users.with([shown])
      this.#byUser.set(shown, series)
    }
    series.inc()
  }

  /** `failure`: nobody knows the credential; `error`: it is wrong. */
  notAuthenticated(result: 'failure' | 'error', ms: number): void {
    this.#authentication.note(result, ms)
  }

  decided({ decision, error }: AuthorizerDecision, ms: number): void {
    if (decision === 'allow') this.#authorization.note('allowed', ms)
    else if (error !== undefined) this.#authorization.note('error', ms)
    else this.#authorization.note(decision === 'deny' ? 'denied' : 'no-opinion', ms)
  }
}
