import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { MultiplexedConnection, MultiplexedStream } from '../../base/multiplex.ts'
import type { OutputSink, PortSession, StreamRequest, StreamSession } from '../runtime/runtime.ts'
import { lastWords } from './stream-status.ts'

/** Upstream's: how long a client may take to open the streams that it has asked for. */
const creationTimeoutMs = 30_000

/** Newest first. The first knows a Status, the last no window size. */
export const spdyCommandProtocols = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
] as const
export type SpdyCommandProtocol = (typeof spdyCommandProtocols)[number]

export const spdyPortProtocols = ['portforward.k8s.io'] as const

const resizes = (protocol: SpdyCommandProtocol): boolean =>
  protocol === 'v4.channel.k8s.io' || protocol === 'v3.channel.k8s.io'

/** The streams of a command by their kinds; undefined when the client goes before it has opened all. */
async function collect(
  connection: MultiplexedConnection,
  count: number,
): Promise<ReadonlyMap<string, MultiplexedStream> | undefined> {
  const streams = new Map<string, MultiplexedStream>()
  for await (const stream of connection.streams) {
    streams.set(stream.headers['streamtype'] ?? '', stream)
    if (streams.size === count) return streams
  }
  return undefined
}

async function feed(stdin: MultiplexedStream, session: StreamSession): Promise<void> {
  for await (const bytes of stdin.readable) await session.writeStdin(bytes)
  session.closeStdin()
}

/** Sizes are objects of JSON, a line each. */
async function resize(sizes: MultiplexedStream, session: StreamSession): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of sizes.readable) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { Width, Height } = JSON.parse(line) as { Width?: number; Height?: number }
      session.resize(Width ?? 0, Height ?? 0)
    }
  }
}

export interface SpdyCommand {
  readonly protocol: SpdyCommandProtocol
  readonly wanted: StreamRequest
  readonly host: Host
  open(output: OutputSink): Promise<StreamSession>
}

/** Joins a client's streams to a command, until the command is over or the client has gone. */
export async function joinSpdyCommand(
  connection: MultiplexedConnection,
  command: SpdyCommand,
): Promise<void> {
  const { protocol, wanted, host } = command
  const { stdin, stdout, stderr, tty } = wanted
  const sized = tty && resizes(protocol)
  const late = host.schedule(creationTimeoutMs, () => connection.close())
  const streams = await collect(
    connection,
    1 + Number(stdin) + Number(stdout) + Number(stderr) + Number(sized),
  )
  late.cancel()
  if (streams === undefined) return
  const opened = command.open((name, data) => streams.get(name)?.write(data))
  const watchClient = async (): Promise<void> => {
    for await (const _more of connection.streams);
    ;(await opened).close()
  }
  watchClient().catch(() => {})
  const join = async (name: string, work: typeof feed): Promise<void> => {
    const stream = streams.get(name)
    if (stream !== undefined) await work(stream, await opened)
  }
  // What could not be opened says so below; a client that goes away ends everything.
  join('stdin', feed).catch(() => {})
  join('resize', resize).catch(() => {})
  const outcome = await opened.then(
    (session) => session.done,
    (error: unknown) => ({ kind: 'failed' as const, message: messageOf(error) }),
  )
  const words = lastWords(outcome, protocol === 'v4.channel.k8s.io')
  if (words !== undefined) await streams.get('error')?.write(new TextEncoder().encode(words))
  for (const stream of streams.values()) stream.end()
}

interface Pair {
  readonly data?: MultiplexedStream
  readonly error?: MultiplexedStream
}

type OpenPort = (port: number, output: (data: Uint8Array) => void | Promise<void>) => Promise<PortSession>

async function joinPort(data: MultiplexedStream, error: MultiplexedStream, open: OpenPort): Promise<void> {
  const opened = open(Number(data.headers['port']), (bytes) => data.write(bytes))
  const forward = async (): Promise<void> => {
    const session = await opened
    for await (const bytes of data.readable) await session.write(bytes)
    session.closeInput()
  }
  forward().catch(() => {})
  const failure = await opened.then((session) => session.done).catch(messageOf)
  if (failure !== undefined) await error.write(new TextEncoder().encode(failure))
  data.end()
  error.end()
}

const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

/** Serves the pairs of streams of a client that forwards ports: one for data and one for errors, with the same id; until it goes. */
export async function joinSpdyPorts(connection: MultiplexedConnection, open: OpenPort): Promise<void> {
  const waiting = new Map<string, Pair>()
  const sessions = new Set<PortSession>()
  const remembered: OpenPort = async (port, output) => {
    const session = await open(port, output)
    sessions.add(session)
    void session.done.finally(() => sessions.delete(session))
    return session
  }
  for await (const stream of connection.streams) {
    const { streamtype: kind = '', port = '', requestid: id = '' } = stream.headers
    if (!isPort(port) || (kind !== 'data' && kind !== 'error')) {
      stream.end()
      continue
    }
    const pair: Pair = { ...waiting.get(id), [kind]: stream }
    const { data, error } = pair
    if (data === undefined || error === undefined) {
      waiting.set(id, pair)
      continue
    }
    waiting.delete(id)
    joinPort(data, error, remembered).catch(() => {})
  }
  for (const session of sessions) session.close()
}
