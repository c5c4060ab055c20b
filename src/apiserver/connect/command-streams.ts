import type { MultiplexedConnection, MultiplexedStream } from '../../base/multiplex.ts'
import type { ChannelSocket } from './web-socket-client.ts'

/** Channels of remote commands over WebSocket (`v5.channel.k8s.io`); `close` ends a direction of the one that its payload names. */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

type ChannelName = keyof typeof channels

export interface CommandStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** What a client opens, one stream for each; stderr is part of stdout in a terminal. */
function expectedStreams({ stdin, stdout, stderr, tty }: CommandStreams): number {
  return 1 + Number(stdin) + Number(stdout) + Number(stderr && !tty) + Number(tty)
}

/** Waits for all streams of a command; undefined when the client goes before. */
async function collect(
  connection: MultiplexedConnection,
  wanted: CommandStreams,
): Promise<ReadonlyMap<string, MultiplexedStream> | undefined> {
  const streams = new Map<string, MultiplexedStream>()
  const count = expectedStreams(wanted)
  for await (const stream of connection.streams) {
    streams.set(stream.headers.streamtype ?? '', stream)
    if (streams.size === count) return streams
  }
  return undefined
}

async function forward(stream: MultiplexedStream, name: ChannelName, socket: ChannelSocket): Promise<void> {
  for await (const bytes of stream.readable) await socket.send(channels[name], bytes)
  await socket.send(channels.close, Uint8Array.of(channels[name]))
}

/** Older protocols say only in words what went wrong. */
function errorBytes(payload: Uint8Array, structured: boolean): Uint8Array | undefined {
  if (structured) return payload
  const status: { status?: string; message?: string } = JSON.parse(new TextDecoder().decode(payload))
  return status.status === 'Success' ? undefined : new TextEncoder().encode(status.message ?? 'unknown error')
}

const nameOf = (channel: number | undefined): string | undefined =>
  Object.entries(channels).find(([, number]) => number === channel)?.[0]

/**
 * Joins a client's SPDY streams to the channels of a kubelet's WebSocket, until the command is over. `structured`:
 * the protocol's error stream carries a Status (`v4.channel.k8s.io`).
 */
export async function joinCommand(
  connection: MultiplexedConnection,
  wanted: CommandStreams,
  structured: boolean,
  socket: ChannelSocket,
): Promise<void> {
  const streams = await collect(connection, wanted)
  if (streams === undefined) return socket.close()
  for (const name of ['stdin', 'resize'] as const) {
    const stream = streams.get(name)
    // A client that goes away ends everything below.
    if (stream !== undefined) void forward(stream, name, socket).catch(() => {})
  }
  const watchClient = async (): Promise<void> => {
    for await (const _more of connection.streams);
    socket.close()
  }
  void watchClient().catch(() => socket.close())
  for await (const message of socket.messages) {
    const name = nameOf(message[0]) ?? ''
    const payload = message.subarray(1)
    const bytes = name === 'error' ? errorBytes(payload, structured) : payload
    if (bytes !== undefined) await streams.get(name)?.write(bytes)
  }
  for (const stream of streams.values()) stream.end()
}
