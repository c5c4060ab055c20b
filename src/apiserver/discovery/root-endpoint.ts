import type { Endpoint } from '../endpoint.ts'
import { objectResponse, type ServerResponse } from '../response.ts'

/** `/`, also as `/index.html`: which paths there are. */
export class RootEndpoint implements Endpoint {
  readonly paths = ['/', '/index.html']
  readonly #endpoints: readonly Endpoint[]

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints
  }

  async handle(): Promise<ServerResponse> {
    const paths = new Set(this.#endpoints.flatMap((endpoint) => endpoint.index?.() ?? endpoint.paths))
    return objectResponse({ paths: [...paths].sort() })
  }
}
