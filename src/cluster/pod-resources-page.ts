import type { Endpoint } from '../apiserver/endpoint.ts'
import type { ServerRequest } from '../apiserver/request.ts'
import { type ServerResponse, textResponse } from '../apiserver/response.ts'
import { pageNotFound } from '../apiserver/routing.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'

const path = '/metrics/resources'
const exposition = 'text/plain; version=0.0.4; charset=utf-8'

/** What pods ask for and are limited to; empty where no scheduler runs here, or another one leads. */
export class PodResourcesPage implements Endpoint {
  readonly paths = [path]
  readonly #scheduler: () => Pick<Scheduler, 'podResources'> | undefined

  constructor(scheduler: () => Pick<Scheduler, 'podResources'> | undefined) {
    this.#scheduler = scheduler
  }

  index(): readonly string[] {
    return [path]
  }

  async handle({ method }: Pick<ServerRequest, 'method'>): Promise<ServerResponse> {
    if (method !== 'GET' && method !== 'HEAD') return pageNotFound()
    return textResponse(this.#scheduler()?.podResources() ?? '', 200, exposition)
  }
}
