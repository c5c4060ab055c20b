import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { badRequest, statusError } from '../../apimachinery/status-error.ts'
import type { SubresourceEndpoint } from '../endpoint.ts'
import type { Query } from '../query.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse, UpgradeResponse } from '../response.ts'
import { booleanValue } from '../rest/query-values.ts'
import { admitConnect, type ConnectOptions } from './admit-connect.ts'
import type { BackendRequest } from './backend.ts'
import { backendUnreachable, readText } from './backend-error.ts'
import { type CommandStreams, joinCommand } from './command-streams.ts'
import { authorizeCreate } from './connect-checks.ts'
import type { ConnectContext } from './connect-context.ts'
import { forwardUpgrade } from './forward-upgrade.ts'
import { kubeletAddress } from './kubelet-address.ts'
import { containerOf, podOf } from './pod-target.ts'
import { queryString } from './query-string.ts'
import { streamProtocols, upgradeKind } from './upgrade-kind.ts'
import { type ChannelSocket, dialWebSocket } from './web-socket-client.ts'

/** Newest first; the first that a client offers is spoken. */
const spdyProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io']
const kubeletProtocol = 'v5.channel.k8s.io'

const optionsKinds = { exec: 'PodExecOptions', attach: 'PodAttachOptions' } as const

function optionsOf(query: Query): ConnectOptions {
  const [container, command] = [query.get('container') ?? '', query.all('command')]
  return {
    ...(booleanValue(query, 'stdin') === true ? { stdin: true } : {}),
    // Attach has both unless it says otherwise, exec likewise (upstream's defaults).
    ...((booleanValue(query, 'stdout') ?? true) ? { stdout: true } : {}),
    ...((booleanValue(query, 'stderr') ?? true) ? { stderr: true } : {}),
    ...(booleanValue(query, 'tty') === true ? { tty: true } : {}),
    ...(container === '' ? {} : { container }),
    ...(command.length === 0 ? {} : { command }),
  }
}

const streamsOf = (options: ConnectOptions): CommandStreams => ({
  stdin: options.stdin === true,
  stdout: options.stdout === true,
  stderr: options.stderr === true,
  tty: options.tty === true,
})

function kubeletParameters(
  command: readonly string[],
  streams: CommandStreams,
): readonly (readonly [string, string])[] {
  const parameters: [string, string][] = []
  if (streams.stdin) parameters.push(['input', '1'])
  if (streams.stdout) parameters.push(['output', '1'])
  if (streams.stderr) parameters.push(['error', '1'])
  if (streams.tty) parameters.push(['tty', '1'])
  for (const part of command) parameters.push(['command', part])
  return parameters
}

/** `pods/exec` and `pods/attach`: a command's streams, over WebSocket as the client and the kubelet agree, or over SPDY, translated. */
export class CommandEndpoint implements SubresourceEndpoint {
  readonly group = ''
  readonly resource = 'pods'
  readonly subresource: 'exec' | 'attach'
  readonly methods = ['GET', 'POST']
  readonly #context: ConnectContext

  constructor(subresource: 'exec' | 'attach', context: ConnectContext) {
    this.subresource = subresource
    this.#context = context
  }

  async handle(request: ServerRequest, declaration: KindDeclaration): Promise<ServerResponse> {
    await authorizeCreate(this.#context.authorizer, request)
    const { namespace, name } = request.info
    const { admission } = this.#context
    const optionsKind = optionsKinds[this.subresource]
    const options = await admitConnect(admission, request, declaration, optionsKind, optionsOf(request.query))
    const pod = podOf(this.#context.reader, namespace, name)
    const container = containerOf(pod, options.container ?? '')
    const node = pod.spec?.nodeName ?? ''
    if (node === '') throw badRequest(`pod ${name} does not have a host assigned`)
    const streams = streamsOf(options)
    const parameters = queryString(kubeletParameters(options.command ?? [], streams))
    const to = {
      address: kubeletAddress(this.#context, node),
      target: `/${this.subresource}/${namespace}/${name}/${container}?${parameters}`,
    }
    switch (upgradeKind(request)) {
      case 'web-socket':
        return forwardUpgrade(this.#context, request, to)
      case 'spdy':
        return this.#translate(request, streams, to)
      default:
        throw badRequest('Upgrade request required')
    }
  }

  async #translate(
    request: ServerRequest,
    streams: CommandStreams,
    to: Pick<BackendRequest, 'address' | 'target'>,
  ): Promise<UpgradeResponse> {
    const offered = streamProtocols(request)
    const protocol = spdyProtocols.find((candidate) => offered.includes(candidate))
    if (protocol === undefined) {
      throw statusError(
        'Forbidden',
        `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${spdyProtocols.join(' ')}]`,
      )
    }
    // Before the client's connection leaves HTTP: afterwards nothing could tell it that there is no command.
    const socket = await this.#dial(request, to)
    return {
      type: 'upgrade',
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol },
      start: (stream) => {
        const connection = this.#context.acceptMultiplexed(stream)
        const structured = protocol === spdyProtocols[0]
        void joinCommand(connection, streams, structured, socket)
          .catch(() => socket.close())
          .finally(() => connection.close())
      },
    }
  }

  async #dial(
    request: ServerRequest,
    to: Pick<BackendRequest, 'address' | 'target'>,
  ): Promise<ChannelSocket> {
    const { host, connector } = this.#context
    const outcome = await dialWebSocket({
      host,
      connector,
      ...to,
      protocol: kubeletProtocol,
      signal: request.signal,
    })
    if (outcome.type === 'open') return outcome.socket
    throw backendUnreachable(new Error(await readText(outcome.response.body)))
  }
}
