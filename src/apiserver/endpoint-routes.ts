import { assert } from '../base/assert.ts'
import type { Endpoint } from './endpoint.ts'

/** Finds who answers a path that is no resource. */
export class EndpointRoutes {
  readonly #exact = new Map<string, Endpoint>()
  /** With their trailing slash, longest first. */
  readonly #below: (readonly [string, Endpoint])[] = []

  constructor(endpoints: readonly Endpoint[]) {
    for (const endpoint of endpoints) {
      for (const path of endpoint.paths) {
        if (path.endsWith('/*')) this.#below.push([path.slice(0, -1), endpoint])
        else {
          assert(!this.#exact.has(path), `two endpoints answer ${path}`)
          this.#exact.set(path, endpoint)
        }
      }
    }
    this.#below.sort(([a], [b]) => b.length - a.length)
  }

  find(path: string): Endpoint | undefined {
    const exact = this.#exact.get(path)
    if (exact !== undefined) return exact
    return this.#below.find(([prefix]) => path.startsWith(prefix))?.[1]
  }
}
