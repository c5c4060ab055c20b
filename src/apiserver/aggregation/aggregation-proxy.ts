import type { Logger } from '../../base/logger.ts'
import type { BackendAddress, BackendConnector, BackendResponse } from '../connect/backend.ts'
import { flawAnnotation } from '../connect/certificate-flaw.ts'
import { forwardUpgrade } from '../connect/forward-upgrade.ts'
import {
  answeredHeaders,
  forwardedBody,
  forwardedHeaders,
  forwardedQuery,
} from '../connect/forwarded-headers.ts'
import { identityHeaders } from '../connect/identity-headers.ts'
import { pipe } from '../connect/pipe.ts'
import { upgradeKind } from '../connect/upgrade-kind.ts'
import type { ServerRequest } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import { answerObjects } from './answer-objects.ts'
import type { RemoteService, RemoteServices } from './remote-services.ts'
import { resolveRemote, type ServiceResolver } from './resolve-service.ts'

export interface AggregationProxyOptions extends ServiceResolver {
  readonly logger: Logger
  readonly connector: BackendConnector
  readonly services: RemoteServices
}

const unavailable = (text: string): ServerResponse => textResponse(`${text}\n`, 503)

/** The group and version that a path is about, also of documents (`/apis/metrics.k8s.io/v1beta1`, `/openapi/v3/apis/…`). */
function groupVersionOf(request: ServerRequest): { readonly group: string; readonly version: string } {
  const { info } = request
  if (info.isResourceRequest) return info
  const [, ...parts] = request.path.split('/')
  if (parts[0] === 'openapi' && parts[1] === 'v3') parts.splice(0, 2)
  const [prefix = '', group = '', version = ''] = parts
  if (prefix === 'apis') return { group, version }
  return prefix === 'api' ? { group: '', version: group } : { group: '', version: '' }
}

/**
 * Passes requests for the APIs of other servers on to them, as whom they came from
 * (https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/). Whether somebody may is
 * theirs to say once more.
 */
export class AggregationProxy {
  readonly #options: AggregationProxyOptions

  constructor(options: AggregationProxyOptions) {
    this.#options = options
  }

  /** Undefined for what this server answers itself. */
  handle(request: ServerRequest): Promise<ServerResponse> | undefined {
    const { services } = this.#options
    if (services.isEmpty) return undefined
    const { group, version } = groupVersionOf(request)
    const remote = services.find(group, version)
    return remote === undefined ? undefined : this.pass(request, remote)
  }

  async pass(request: ServerRequest, remote: RemoteService): Promise<ServerResponse> {
    const { logger } = this.#options
    if (!remote.available) return unavailable('service unavailable')
    let address: BackendAddress
    try {
      address = resolveRemote(this.#options, remote)
    } catch (error) {
      logger.warn('an API service has no server', { service: remote.name, error })
      return unavailable('service unavailable')
    }
    return this.#forward(request, address)
  }

  async #forward(request: ServerRequest, address: BackendAddress): Promise<ServerResponse> {
    const { connector } = this.#options
    const { user } = request
    if (user === undefined) return textResponse('missing user\n', 500)
    const host = typeof address.trust === 'string' ? address.host : address.trust.serverName
    const headers = [...forwardedHeaders(request, host), ...identityHeaders(user)]
    const path = request.path.split('/').map(encodeURIComponent).join('/')
    const target = `${path}${forwardedQuery(request)}`
    if (upgradeKind(request) !== undefined)
      return forwardUpgrade(this.#options, request, { address, target }, headers)
    const { body, headers: more } = await forwardedBody(request)
    const accept: [string, string][] = request.source.wantsObjects ? [['accept', 'application/json']] : []
    let response: BackendResponse
    try {
      response = await connector.request({
        address,
        method: request.method,
        target,
        headers: [...headers, ...more, ...accept],
        ...(body === undefined ? {} : { body }),
        signal: request.signal,
        flawed: (flaw) => request.annotate(...flawAnnotation(flaw, address.host)),
      })
    } catch (error) {
      return unavailable(`error trying to reach service: ${error instanceof Error ? error.message : error}`)
    }
    return request.source.wantsObjects ? answerObjects(request, response) : streamed(response)
  }
}

function streamed(response: BackendResponse): ServerResponse {
  const { 'content-type': contentType = 'application/octet-stream', ...headers } = answeredHeaders(response)
  return {
    type: 'stream',
    status: response.status,
    contentType,
    headers,
    flushHead: true,
    start: (sink) => void pipe(response.body, sink),
  }
}
