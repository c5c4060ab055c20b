import type { Host, Timer } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { MultiplexedConnection, MultiplexedStream } from '../../base/multiplex.ts'
import type { ChannelSocket } from './web-socket-client.ts'

const dataChannel = 0
const errorChannel = 1
/** A kubelet begins each channel with the port's number. */
const preambleBytes = 2
/** The kubelet's protocol cannot close one direction: when the client has closed its own, the rest of an answer may take that long between two pieces. */
const lingerMs = 5_000

interface Pair {
  readonly data?: MultiplexedStream
  readonly error?: MultiplexedStream
}

/** The client's bytes to the pod; when they end, the connection lives on as long as bytes come back. */
class Lingering {
  readonly #host: Host
  readonly #close: () => void
  #ended = false
  #timer: Timer | undefined

  constructor(host: Host, close: () => void) {
    this.#host = host
    this.#close = close
  }

  /** Something came back, or the client has ended. */
  touch(ended = this.#ended): void {
    this.#ended = ended
    this.#timer?.cancel()
    if (ended) this.#timer = this.#host.schedule(lingerMs, this.#close)
  }

  stop(): void {
    this.#timer?.cancel()
  }
}

async function forward(data: MultiplexedStream, socket: ChannelSocket, lingering: Lingering): Promise<void> {
  for await (const bytes of data.readable) await socket.send(dataChannel, bytes)
  lingering.touch(true)
}

async function join(
  data: MultiplexedStream,
  error: MultiplexedStream,
  dial: (port: string) => Promise<ChannelSocket>,
  host: Host,
): Promise<void> {
  try {
    const socket = await dial(data.headers.port ?? '')
    const lingering = new Lingering(host, () => socket.close())
    void forward(data, socket, lingering).catch(() => socket.close())
    const begun = new Set<number>()
    for await (const message of socket.messages) {
      const channel = message[0] ?? dataChannel
      const payload = begun.has(channel) ? message.subarray(1) : message.subarray(1 + preambleBytes)
      begun.add(channel)
      if (payload.length === 0) continue
      lingering.touch()
      await (channel === errorChannel ? error : data).write(payload)
    }
    lingering.stop()
  } catch (failure) {
    const text = messageOf(failure)
    await error.write(new TextEncoder().encode(text))
  } finally {
    data.end()
    error.end()
  }
}

/** Serves the pairs of streams (data and error, with the same request ID) of a client that forwards ports, until it goes. */
export async function joinPorts(
  connection: MultiplexedConnection,
  dial: (port: string) => Promise<ChannelSocket>,
  host: Host,
): Promise<void> {
  const waiting = new Map<string, Pair>()
  for await (const stream of connection.streams) {
    const id = stream.headers.requestid ?? ''
    const known = waiting.get(id)
    const pair: Pair =
      stream.headers.streamtype === 'error' ? { ...known, error: stream } : { ...known, data: stream }
    const { data, error } = pair
    if (data === undefined || error === undefined) {
      waiting.set(id, pair)
      continue
    }
    waiting.delete(id)
    void join(data, error, dial, host).catch(() => {})
  }
}
