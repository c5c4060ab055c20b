import type { core } from '../../api/generated/types/index.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import type { ProbeKind } from '../pod/plan/plan.ts'
import type { ProbeOutcome } from './run-probe.ts'

const titles = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' } as const
const results = ['successful', 'failed', 'unknown'] as const

const resultOf = ({ kind }: ProbeOutcome): (typeof results)[number] =>
  kind === 'failure' ? 'failed' : kind === 'errored' ? 'unknown' : 'successful'

/** How probes of the node's pods went: upstream's `/metrics/probes`, a registry of its own. */
export class ProbeMetrics {
  readonly #metrics = new PrometheusMetrics()
  readonly #results = this.#metrics.counter({
    name: 'prober_probe_total',
    help: '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.',
    labels: ['container', 'namespace', 'pod', 'pod_uid', 'probe_type', 'result'],
  })
  readonly #durations = this.#metrics.histogram({
    name: 'prober_probe_duration_seconds',
    help: '[ALPHA] Duration in seconds for a probe response.',
    labels: ['container', 'namespace', 'pod', 'probe_type'],
  })

  count(
    { metadata }: core.v1.Pod,
    container: string,
    kind: ProbeKind,
    outcome: ProbeOutcome,
    tookMs: number,
  ): void {
    const { namespace = '', name = '', uid = '' } = metadata ?? {}
    this.#results.inc([container, namespace, name, uid, titles[kind], resultOf(outcome)])
    if (outcome.kind === 'success' || outcome.kind === 'warning')
      this.#durations.observe(tookMs / 1000, [container, namespace, name, titles[kind]])
  }

  /** A container of a pod that has gone. */
  forget({ metadata }: core.v1.Pod, container: string, kind: ProbeKind): void {
    const { namespace = '', name = '', uid = '' } = metadata ?? {}
    for (const result of results)
      this.#results.remove([container, namespace, name, uid, titles[kind], result])
    this.#durations.remove([container, namespace, name, titles[kind]])
  }

  /** In the Prometheus text format. */
  expose(): string {
    return this.#metrics.expose()
  }
}
