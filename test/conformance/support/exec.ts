import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import type { KubeconfigContext } from '../../../src/client/https/kubeconfig.ts'
import { credentialsOf } from './raw.ts'

export interface ExecResult {
  readonly stdout: string
  readonly stderr: string
  /** Of the last channel: how the command ended. */
  readonly status: { readonly status?: string; readonly message?: string }
}

/** What a WebSocket under `path` sends until the server ends it. */
export async function messagesOf(
  to: KubeconfigContext,
  path: string,
  protocol: string,
): Promise<readonly Buffer[]> {
  const socket = new WebSocket(new URL(path, to.server.replace(/^http/, 'ws')), protocol, credentialsOf(to))
  const messages: Buffer[] = []
  socket.on('message', (message: Buffer) => messages.push(message))
  const refused = new Promise<never>((_, reject) => {
    socket.on('unexpected-response', (_request, response) => {
      text(response).then((body) => reject(new Error(`${path}: ${response.statusCode} ${body}`)), reject)
    })
  })
  await Promise.race([once(socket, 'close'), refused])
  return messages
}

/** Before the fourth version it is a text, and only where something went wrong. */
const parseStatus = (text: string): ExecResult['status'] =>
  text.startsWith('{') ? JSON.parse(text) : { message: text }

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
  const messages = await messagesOf(to, `${pod}/exec?${query}`, protocol)
  // Each begins with the number of its channel.
  const channel = (number: number): string =>
    Buffer.concat(
      messages.filter(([first]) => first === number).map((message) => message.subarray(1)),
    ).toString('utf8')
  return { stdout: channel(1), stderr: channel(2), status: parseStatus(channel(3)) }
}
