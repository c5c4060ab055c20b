import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { KubeconfigContext } from '../../../src/client/https/kubeconfig.ts'
import { credentialsOf } from './raw.ts'

export interface ExecResult {
  readonly stdout: string
  readonly stderr: string
  /** Of the last channel: how the command ended. */
  readonly status: { readonly status?: string; readonly message?: string }
}

/** What a WebSocket under `path` sends until the server ends it, by channel (its messages' first byte). */
export async function channelsOf(
  to: KubeconfigContext,
  path: string,
  protocol: string,
): Promise<ReadonlyMap<number, string>> {
  const socket = new WebSocket(new URL(path, to.server.replace(/^http/, 'ws')), protocol, credentialsOf(to))
  const channels = new Map<number, Buffer[]>()
  socket.on('message', (message: Buffer) => {
    const [channel = 0] = message
    channels.set(channel, [...(channels.get(channel) ?? []), message.subarray(1)])
  })
  await once(socket, 'close')
  return new Map([...channels].map(([channel, parts]) => [channel, Buffer.concat(parts).toString('utf8')]))
}

/** Runs a command in a container, over WebSockets. `pod` is the pod's path. */
export async function exec(
  to: KubeconfigContext,
  pod: string,
  command: readonly string[],
  { container, protocol = 'v5.channel.k8s.io' }: { container?: string; protocol?: string } = {},
): Promise<ExecResult> {
  const query = new URLSearchParams({
    stdout: 'true',
    stderr: 'true',
    ...(container === undefined ? {} : { container }),
  })
  for (const word of command) query.append('command', word)
  const channels = await channelsOf(to, `${pod}/exec?${query}`, protocol)
  return {
    stdout: channels.get(1) ?? '',
    stderr: channels.get(2) ?? '',
    status: JSON.parse(channels.get(3) ?? '{}'),
  }
}
