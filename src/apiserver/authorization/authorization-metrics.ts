import type { Counter, Histogram, Metrics } from '../../base/metrics.ts'

/** What webhooks that authorize measure, under upstream's names. */
export interface AuthorizationMetrics {
  readonly evaluations: Counter
  readonly webhookSeconds: Histogram
  readonly failOpen: Counter
  readonly conditionErrors: Counter
  readonly conditionExclusions: Counter
  readonly conditionSeconds: Histogram
}

const prefix = 'apiserver_authorization_'

export function authorizationMetrics(metrics: Metrics): AuthorizationMetrics {
  const byResult = ['name', 'result']
  const byAuthorizer = ['type', 'name']
  return {
    evaluations: metrics.counter({
      name: `${prefix}webhook_evaluations_total`,
      help: 'Round-trips to authorization webhooks.',
      labels: byResult,
    }),
    webhookSeconds: metrics.histogram({
      name: `${prefix}webhook_duration_seconds`,
      help: 'Request latency in seconds.',
      labels: byResult,
    }),
    failOpen: metrics.counter({
      name: `${prefix}webhook_evaluations_fail_open_total`,
      help: 'NoOpinion results due to webhook timeout or error.',
      labels: byResult,
    }),
    conditionErrors: metrics.counter({
      name: `${prefix}match_condition_evaluation_errors_total`,
      help: 'Total number of errors when an authorization webhook encounters a match condition error split by authorizer type and name.',
      labels: byAuthorizer,
    }),
    conditionExclusions: metrics.counter({
      name: `${prefix}match_condition_exclusions_total`,
      help: 'Total number of exclusions when an authorization webhook is skipped because match conditions exclude it.',
      labels: byAuthorizer,
    }),
    conditionSeconds: metrics.histogram({
      name: `${prefix}match_condition_evaluation_seconds`,
      help: 'Authorization match condition evaluation time in seconds, split by authorizer type and name.',
      labels: byAuthorizer,
      buckets: [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
    }),
  }
}
