import type { Endpoint } from '../endpoint.ts'
import { objectResponse, type ServerResponse } from '../response.ts'

/** `/`: which paths there are. */
export class RootEndpoint implements Endpoint {
  readonly paths = ['/']
  readonly #list: () => readonly string[]

  /** `list` gives them in any order. */
  constructor(list: () => readonly string[]) {
    this.#list = list
  }

  async handle(): Promise<ServerResponse> {
    return objectResponse({ paths: [...new Set(this.#list())].filter((path) => !path.includes('*')).sort() })
  }
}
