import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { UpgradedStream } from '../../base/byte-sink.ts'
import type { SubresourceEndpoint } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { admitConnect } from './admit-connect.ts'
import type { BackendAddress } from './backend.ts'
import { readText } from './backend-error.ts'
import { authorizeCreate } from './connect-checks.ts'
import type { ConnectContext } from './connect-context.ts'
import { forwardUpgrade } from './forward-upgrade.ts'
import { kubeletAddress } from './kubelet-address.ts'
import { podOf } from './pod-target.ts'
import { joinPorts } from './port-streams.ts'
import { queryString } from './query-string.ts'
import { streamProtocols, tunnelProtocol, upgradeKind } from './upgrade-kind.ts'
import { type ChannelSocket, dialWebSocket } from './web-socket-client.ts'
import { webSocketTunnel } from './web-socket-tunnel.ts'

const spdyProtocol = 'portforward.k8s.io'
const kubeletProtocol = 'v4.channel.k8s.io'

/**
 * `pods/portforward`. kubectl speaks SPDY, plainly or in a WebSocket (KEP-4006), with two streams for each connection
 * that it forwards; each of them becomes a WebSocket of its own to the kubelet. Clients that speak the older
 * WebSocket channels themselves go through as they are.
 */
export class PortForwardEndpoint implements SubresourceEndpoint {
  readonly group = ''
  readonly resource = 'pods'
  readonly subresource = 'portforward'
  readonly methods = ['GET', 'POST']
  readonly #context: ConnectContext

  constructor(context: ConnectContext) {
    this.#context = context
  }

  async handle(request: ServerRequest, declaration: KindDeclaration): Promise<ServerResponse> {
    await authorizeCreate(this.#context.authorizer, request)
    const ports = request.query.all('ports').map(Number)
    const options = ports.length === 0 ? {} : { ports }
    await admitConnect(this.#context.admission, request, declaration, 'PodPortForwardOptions', options)
    const { namespace, name } = request.info
    const node = podOf(this.#context.reader, namespace, name).spec?.nodeName ?? ''
    if (node === '') throw badRequest(`pod ${name} does not have a host assigned`)
    const address = kubeletAddress(this.#context, node)
    const path = `/portForward/${namespace}/${name}`
    const dial = (port: string): Promise<ChannelSocket> => this.#dial(request, address, path, port)
    switch (upgradeKind(request)) {
      case 'tunnel': {
        const headers = {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-protocol': tunnelProtocol(request) ?? '',
        }
        return { type: 'upgrade', headers, start: (stream) => this.#serve(webSocketTunnel(stream), dial) }
      }
      case 'spdy': {
        if (!streamProtocols(request).includes(spdyProtocol)) {
          throw badRequest(`unable to negotiate protocol: server accepts [${spdyProtocol}]`)
        }
        const headers = {
          connection: 'Upgrade',
          upgrade: 'SPDY/3.1',
          'x-stream-protocol-version': spdyProtocol,
        }
        return { type: 'upgrade', headers, start: (stream) => this.#serve(stream, dial) }
      }
      case 'web-socket': {
        const ports = request.query.all('ports').join(',')
        const target = ports === '' ? path : `${path}?${queryString([['port', ports]])}`
        return forwardUpgrade(this.#context, request, { address, target })
      }
      default:
        throw badRequest('Upgrade request required')
    }
  }

  #serve(stream: UpgradedStream, dial: (port: string) => Promise<ChannelSocket>): void {
    const connection = this.#context.acceptMultiplexed(stream)
    void joinPorts(connection, dial, this.#context.host)
      .catch(() => {})
      .finally(() => connection.close())
  }

  async #dial(
    request: ServerRequest,
    address: BackendAddress,
    path: string,
    port: string,
  ): Promise<ChannelSocket> {
    const { host, connector } = this.#context
    const target = `${path}?${queryString([['port', port]])}`
    const outcome = await dialWebSocket({
      host,
      connector,
      address,
      target,
      protocol: kubeletProtocol,
      signal: request.signal,
    })
    if (outcome.type === 'open') return outcome.socket
    throw new Error(await readText(outcome.response.body))
  }
}
