import type { Counter, Histogram, Metrics } from '../../base/metrics.ts'

const conditionLabels = ['name', 'kind', 'type', 'operation']
const prefix = 'apiserver_admission_'

/** What webhooks and match conditions measure, under upstream's names (apiserver/pkg/admission/metrics). */
export class AdmissionMetrics {
  readonly webhookSeconds: Histogram
  readonly webhookRejections: Counter
  readonly webhookFailOpen: Counter
  readonly webhookRequests: Counter
  readonly conditionErrors: Counter
  readonly conditionExclusions: Counter
  readonly conditionSeconds: Histogram

  constructor(metrics: Metrics) {
    this.webhookSeconds = metrics.histogram({
      name: `${prefix}webhook_admission_duration_seconds`,
      help: 'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
      labels: ['name', 'type', 'operation', 'rejected'],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
    })
    this.webhookRejections = metrics.counter({
      name: `${prefix}webhook_rejection_count`,
      help: 'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection code if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code is greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
      labels: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
    })
    this.webhookFailOpen = metrics.counter({
      name: `${prefix}webhook_fail_open_count`,
      help: 'Admission webhook fail open count, identified by name and broken out for each admission type (validating or admit).',
      labels: ['name', 'type'],
    })
    this.webhookRequests = metrics.counter({
      name: `${prefix}webhook_request_total`,
      help: 'Admission webhook request total, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify whether the request was rejected or not and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
      labels: ['name', 'type', 'operation', 'code', 'rejected'],
    })
    this.conditionErrors = metrics.counter({
      name: `${prefix}match_condition_evaluation_errors_total`,
      help: 'Admission match condition evaluation errors count, identified by name of resource containing the match condition and broken out for each kind containing matchConditions (webhook or policy), operation and admission type (validate or admit).',
      labels: conditionLabels,
    })
    this.conditionExclusions = metrics.counter({
      name: `${prefix}match_condition_exclusions_total`,
      help: 'Admission match condition evaluation exclusions count, identified by name of resource containing the match condition and broken out for each kind containing matchConditions (webhook or policy), operation and admission type (validate or admit).',
      labels: conditionLabels,
    })
    this.conditionSeconds = metrics.histogram({
      name: `${prefix}match_condition_evaluation_seconds`,
      help: 'Admission match condition evaluation time in seconds, identified by name and broken out for each kind containing matchConditions (webhook or policy), operation and type (validate or admit).',
      labels: conditionLabels,
      buckets: [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
    })
  }
}
