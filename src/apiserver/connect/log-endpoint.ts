import type { SubresourceEndpoint } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import type { BackendResponse } from './backend.ts'
import { backendUnreachable, kubeletError } from './backend-error.ts'
import type { ConnectContext } from './connect-context.ts'
import { kubeletAddress } from './kubelet-address.ts'
import { logOptions } from './log-options.ts'
import { overWebSocket } from './one-way-web-socket.ts'
import { pipe } from './pipe.ts'
import { containerOf, podOf } from './pod-target.ts'
import { queryString } from './query-string.ts'
import { upgradeKind } from './upgrade-kind.ts'

/** `pods/log`: what the pod's kubelet has of a container's output. */
export class LogEndpoint implements SubresourceEndpoint {
  readonly group = ''
  readonly resource = 'pods'
  readonly subresource = 'log'
  readonly methods = ['GET']
  readonly #context: ConnectContext

  constructor(context: ConnectContext) {
    this.#context = context
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const { namespace, name } = request.info
    const options = logOptions(request.query, name)
    const pod = podOf(this.#context.reader, namespace, name)
    const container = containerOf(pod, options.container)
    const node = pod.spec?.nodeName ?? ''
    // A pod without a node has said nothing yet.
    if (node === '') return textResponse('', 200, 'text/plain')
    const address = kubeletAddress(this.#context, node)
    const target = `/containerLogs/${namespace}/${name}/${container}?${queryString(options.parameters)}`
    const response = await this.#ask(request, {
      address: options.insecure ? { ...address, trust: 'kubelet-unverified' } : address,
      target,
    })
    if (response.status < 200 || response.status > 206) throw await kubeletError(response, name)
    if (upgradeKind(request) === 'web-socket') return overWebSocket(request, response.body)
    return {
      type: 'stream',
      status: 200,
      contentType: 'text/plain',
      flushHead: options.follow,
      start: (sink) => void pipe(response.body, sink),
    }
  }

  async #ask(
    request: ServerRequest,
    to: Pick<Parameters<ConnectContext['connector']['request']>[0], 'address' | 'target'>,
  ): Promise<BackendResponse> {
    try {
      return await this.#context.connector.request({
        ...to,
        method: 'GET',
        headers: [],
        signal: request.signal,
      })
    } catch (error) {
      throw backendUnreachable(error)
    }
  }
}
