import type { Counter, Metrics } from '../../../base/metrics.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import { type LevelVersion, minorOf } from './policy.ts'

const requestLabels = ['request_operation', 'resource', 'subresource']

function labelsOf({ operation, resource, subresource }: AdmissionAttributes): readonly string[] {
  const core = resource.group === '' ? resource.resource : ''
  const kind = core === 'pods' ? 'pod' : core === 'namespaces' ? 'namespace' : 'controller'
  return [operation.toLowerCase(), kind, subresource]
}

/** Upstream's (pod-security-admission/metrics). */
export class PodSecurityMetrics {
  readonly #evaluations: Counter
  readonly #exemptions: Counter
  readonly #errors: Counter
  readonly #ownMinor: number

  constructor(metrics: Metrics, ownMinor: number) {
    this.#ownMinor = ownMinor
    this.#evaluations = metrics.counter({
      name: 'pod_security_evaluations_total',
      help: 'Number of policy evaluations that occurred, not counting ignored or exempt requests.',
      labels: ['decision', 'policy_level', 'policy_version', 'mode', ...requestLabels],
    })
    this.#exemptions = metrics.counter({
      name: 'pod_security_exemptions_total',
      help: 'Number of exempt requests, not counting ignored or out of scope requests.',
      labels: requestLabels,
    })
    this.#errors = metrics.counter({
      name: 'pod_security_errors_total',
      help: 'Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted profile being used for evaluation.',
      labels: ['fatal', ...requestLabels],
    })
  }

  evaluated(
    decision: 'allow' | 'deny',
    mode: 'enforce' | 'audit' | 'warn',
    { level, version }: LevelVersion,
    attributes: AdmissionAttributes,
  ): void {
    const latest = version === 'latest' || level === 'privileged'
    const shown = latest ? 'latest' : minorOf(version) > this.#ownMinor ? 'future' : version
    this.#evaluations.inc([decision, level, shown, mode, ...labelsOf(attributes)])
  }

  exempt(attributes: AdmissionAttributes): void {
    this.#exemptions.inc(labelsOf(attributes))
  }

  failed(fatal: boolean, attributes: AdmissionAttributes): void {
    this.#errors.inc([String(fatal), ...labelsOf(attributes)])
  }
}
