import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { messageOf } from '../../base/message-of.ts'
import type { SubresourceEndpoint } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { type Headers, type ServerResponse, textResponse } from '../response.ts'
import { admitConnect } from './admit-connect.ts'
import type { BackendAddress, BackendHeaders, BackendResponse } from './backend.ts'
import { readText } from './backend-error.ts'
import type { ConnectContext } from './connect-context.ts'
import { forwardUpgrade } from './forward-upgrade.ts'
import {
  answeredHeaders,
  forwardedBody,
  forwardedHeaders,
  forwardedQuery,
  hostOf,
} from './forwarded-headers.ts'
import { pipe } from './pipe.ts'
import { type ProxiedResource, proxyAddress } from './proxy-location.ts'
import { rewriteHtml, rewritePath } from './rewrite-html.ts'

/** A longer page goes through as it is. */
const maxRewrittenBytes = 4 * 1024 * 1024

const optionsKinds: Readonly<Record<ProxiedResource, string>> = {
  pods: 'PodProxyOptions',
  services: 'ServiceProxyOptions',
  nodes: 'NodeProxyOptions',
}

interface Place {
  readonly address: BackendAddress
  /** What of the client's path is not the backend's. */
  readonly prefix: string
}

function placedHeaders(response: BackendResponse, { address, prefix }: Place): Record<string, string> {
  const headers = answeredHeaders(response)
  const { location } = headers
  if (location !== undefined)
    headers.location = rewritePath(location, prefix, [hostOf(address), address.host])
  return headers
}

/** `pods/proxy`, `services/proxy` and `nodes/proxy`: HTTP through the API server (https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls). */
export class ProxyEndpoint implements SubresourceEndpoint {
  readonly group = ''
  readonly resource: ProxiedResource
  readonly subresource = 'proxy'
  readonly methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
  readonly #context: ConnectContext

  constructor(resource: ProxiedResource, context: ConnectContext) {
    this.resource = resource
    this.#context = context
  }

  async handle(request: ServerRequest, declaration: KindDeclaration): Promise<ServerResponse> {
    const rest = request.info.parts.slice(3)
    const options = rest.length === 0 ? {} : { path: `/${rest.join('/')}` }
    const { admission } = this.#context
    await admitConnect(admission, request, declaration, optionsKinds[this.resource], options)
    const address = proxyAddress(this.#context, this.resource, request)
    const directory = request.path.endsWith('/')
    const isPage = request.method === 'GET' || request.method === 'HEAD'
    if (rest.length === 0 && !directory && isPage && request.header('upgrade') === undefined) {
      // So that a page's relative links lead below it.
      return textResponse('', 301, 'text/plain', { location: `${request.path}/${forwardedQuery(request)}` })
    }
    const path = `/${rest.map(encodeURIComponent).join('/')}${directory && rest.length > 0 ? '/' : ''}`
    const decoded = `/${rest.join('/')}${directory && rest.length > 0 ? '/' : ''}`
    const place = { address, prefix: request.path.slice(0, request.path.length - decoded.length) }
    const target = `${path}${forwardedQuery(request)}`
    const headers = forwardedHeaders(request, hostOf(address))
    if (request.header('upgrade') !== undefined) {
      return forwardUpgrade(this.#context, request, { address, target }, headers)
    }
    return this.#answer(await this.#ask(request, address, target, headers), place)
  }

  async #ask(
    request: ServerRequest,
    address: BackendAddress,
    target: string,
    headers: BackendHeaders,
  ): Promise<BackendResponse> {
    const { body, headers: more } = await forwardedBody(request)
    try {
      return await this.#context.connector.request({
        address,
        method: request.method,
        target,
        headers: [...headers, ...more],
        ...(body === undefined ? {} : { body }),
        signal: request.signal,
      })
    } catch (error) {
      const text = messageOf(error)
      throw statusError('ServiceUnavailable', `error trying to reach service: ${text}`)
    }
  }

  async #answer(response: BackendResponse, place: Place): Promise<ServerResponse> {
    const { 'content-type': contentType = 'application/octet-stream', ...headers } = placedHeaders(
      response,
      place,
    )
    const length = Number(headers['content-length'] ?? Number.NaN)
    const isPage = contentType.startsWith('text/html') && headers['content-encoding'] === undefined
    if (isPage && !(length > maxRewrittenBytes)) return rewritten(response, contentType, headers, place)
    return {
      type: 'stream',
      status: response.status,
      contentType,
      headers,
      flushHead: true,
      start: (sink) => void pipe(response.body, sink),
    }
  }
}

async function rewritten(
  response: BackendResponse,
  contentType: string,
  headers: Headers,
  { address, prefix }: Place,
): Promise<ServerResponse> {
  const { 'content-length': _length, ...kept } = headers
  const html = await readText(response.body, maxRewrittenBytes)
  const text = rewriteHtml(html, prefix, [hostOf(address), address.host])
  return textResponse(text, response.status, contentType, kept)
}
