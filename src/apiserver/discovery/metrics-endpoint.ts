import type { Metrics } from '../../base/metrics.ts'
import type { Endpoint } from '../endpoint.ts'
import { type ServerResponse, textResponse } from '../response.ts'

/** `/metrics` in the Prometheus text format. */
export class MetricsEndpoint implements Endpoint {
  readonly paths = ['/metrics']
  readonly #metrics: Metrics

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  async handle(): Promise<ServerResponse> {
    return textResponse(this.#metrics.expose(), 200, 'text/plain; version=0.0.4; charset=utf-8')
  }
}
