import type { Endpoint } from '../endpoint.ts'
import { type ServerResponse, textResponse } from '../response.ts'

/** What it shows, in the Prometheus text format. */
interface Exposed {
  expose(): string
}

/** `/metrics`, and the like. */
export class MetricsEndpoint implements Endpoint {
  readonly paths: readonly string[]
  readonly #metrics: Exposed

  constructor(path: string, metrics: Exposed) {
    this.paths = [path]
    this.#metrics = metrics
  }

  async handle(): Promise<ServerResponse> {
    return textResponse(this.#metrics.expose(), 200, 'text/plain; version=0.0.4; charset=utf-8')
  }
}
