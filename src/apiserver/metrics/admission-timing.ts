import type { Host } from '../../base/host.ts'
import type { Histogram, HistogramSeries, Metrics } from '../../base/metrics.ts'
import type { AdmissionOperation } from '../admission.ts'

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5]

export type AdmissionType = 'admit' | 'validate'

/** How long something took that let pass or refused. */
export class Verdicts {
  readonly #seconds: (rejected: string) => HistogramSeries | undefined
  #accepted: HistogramSeries | undefined
  #rejected: HistogramSeries | undefined

  constructor(seconds: (rejected: string) => HistogramSeries | undefined) {
    this.#seconds = seconds
  }

  accepted(ms: number): void {
    this.#accepted ??= this.#seconds('false')
    this.#accepted?.observe(ms / 1000)
  }

  rejected(ms: number): void {
    this.#rejected ??= this.#seconds('true')
    this.#rejected?.observe(ms / 1000)
  }
}

const unmeasured = new Verdicts(() => undefined)

/** How long admission takes, as a whole and plugin by plugin (apiserver/pkg/admission/metrics). */
export interface AdmissionTiming {
  monotonicMs(): number
  step(type: AdmissionType, operation: AdmissionOperation): Verdicts
  plugin(name: string, type: AdmissionType, operation: AdmissionOperation): Verdicts
}

/** For chains that nobody measures. */
export const untimed: AdmissionTiming = {
  monotonicMs: () => 0,
  step: () => unmeasured,
  plugin: () => unmeasured,
}

export function admissionTiming(host: Host, metrics: Metrics): AdmissionTiming {
  const labels = ['type', 'operation', 'rejected']
  const histogram = (what: string, help: string, named: readonly string[]): Histogram =>
    metrics.histogram({
      name: `apiserver_admission_${what}_admission_duration_seconds`,
      help,
      labels: [...named, ...labels],
      buckets,
    })
  const steps = histogram(
    'step',
    'Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).',
    [],
  )
  const plugins = histogram(
    'controller',
    'Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
    ['name'],
  )
  return {
    monotonicMs: () => host.monotonicMs(),
    step: (type, operation) => new Verdicts((rejected) => steps.with([type, operation, rejected])),
    plugin: (name, type, operation) =>
      new Verdicts((rejected) => plugins.with([name, type, operation, rejected])),
  }
}
