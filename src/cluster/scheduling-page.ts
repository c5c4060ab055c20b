import { statusError } from '../apimachinery/status-error.ts'
import type { Endpoint } from '../apiserver/endpoint.ts'
import type { ServerRequest } from '../apiserver/request.ts'
import { type ServerResponse, textResponse } from '../apiserver/response.ts'
import { pageNotFound } from '../apiserver/routing.ts'
import { maxAttempts } from '../scheduler/explain/attempt-log.ts'
import type { Explanation } from '../scheduler/explain/explanation.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'

/** `/debug/scheduling/<namespace>/<pod>` */
const base = '/debug/scheduling/'

export type Explainer = Pick<Scheduler, 'explain' | 'gateOf'>

/** Throws NotFound, which says why nothing is known. */
function explanationOf(scheduler: Explainer | undefined, namespace: string, name: string): Explanation {
  const pod = `pod "${namespace}/${name}"`
  if (scheduler === undefined)
    throw statusError('NotFound', `nothing is known of ${pod}: no scheduler runs here, or another one leads`)
  const explanation = scheduler.explain(namespace, name)
  if (explanation !== undefined) return explanation
  const gate = scheduler.gateOf(namespace, name)
  throw statusError(
    'NotFound',
    gate === undefined
      ? `no attempt to place ${pod} is on record: it has not been tried since the scheduler started, another scheduler places it, or others have been tried since (the last attempts of ${maxAttempts} pods are kept)`
      : `${pod} has not been tried: the plugin ${gate} keeps it from the queue`,
  )
}

/** Why a pod is where it is, or nowhere, as JSON: for whoever may `get` that path, or the whole `/debug/scheduling/*`. */
export class SchedulingPage implements Endpoint {
  readonly paths = [`${base}*`]
  readonly #scheduler: () => Explainer | undefined

  constructor(scheduler: () => Explainer | undefined) {
    this.#scheduler = scheduler
  }

  index(): readonly string[] {
    return []
  }

  async handle({ path, method }: Pick<ServerRequest, 'path' | 'method'>): Promise<ServerResponse> {
    const [namespace = '', name = '', ...more] = path.slice(base.length).split('/')
    if (method !== 'GET' || namespace === '' || name === '' || more.length > 0) return pageNotFound()
    const explanation = explanationOf(this.#scheduler(), namespace, name)
    return textResponse(`${JSON.stringify(explanation)}\n`, 200, 'application/json')
  }
}
