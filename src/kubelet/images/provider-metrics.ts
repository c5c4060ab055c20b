import type { Counter, Histogram, Metrics } from '../../base/metrics.ts'

/** What credential providers take, and how often they fail, under upstream's names (pkg/credentialprovider/plugin/metrics.go). */
export class ProviderMetrics {
  readonly #errors: Counter
  readonly #durations: Histogram

  /** `configHash` stands for what the providers were configured with: `sha256:…`. */
  constructor(metrics: Metrics, configHash: string) {
    const labels = ['plugin_name']
    this.#errors = metrics.counter({
      name: 'kubelet_credential_provider_plugin_errors_total',
      help: 'Number of errors from credential provider plugin',
      labels,
    })
    this.#durations = metrics.histogram({
      name: 'kubelet_credential_provider_plugin_duration',
      help: 'Duration of execution in seconds for credential provider plugin',
      labels,
    })
    metrics
      .gauge({
        name: 'kubelet_credential_provider_config_info',
        help: 'Information about the last applied credential provider configuration with hash as label',
        labels: ['hash'],
      })
      .set(1, [configHash])
  }

  ran(provider: string, tookMs: number, failed: boolean): void {
    this.#durations.observe(tookMs / 1000, [provider])
    if (failed) this.#errors.inc([provider])
  }
}
