import { encodeBase64 } from '../../base/base64.ts'
import type { ByteSink } from '../../base/byte-sink.ts'
import type { Host } from '../../base/host.ts'
import { SinkWriter } from '../../base/sink-writer.ts'
import type { BackendAddress, BackendConnector, BackendHeaders, BackendResponse } from './backend.ts'
import { decodeFrames, encodeFrame, opcodes } from './web-socket-frames.ts'

export interface DialOptions {
  readonly host: Host
  readonly connector: BackendConnector
  readonly address: BackendAddress
  readonly target: string
  readonly protocol: string
  readonly signal: AbortSignal
}

/** A WebSocket to a backend: messages whose first byte is their channel. */
export interface ChannelSocket {
  /** In order; ends with the connection. */
  readonly messages: AsyncIterable<Uint8Array>
  send(channel: number, bytes: Uint8Array): Promise<void>
  close(): void
}

export type DialOutcome =
  | { readonly type: 'open'; readonly socket: ChannelSocket }
  | { readonly type: 'refused'; readonly response: BackendResponse }

const keyBytes = 16
const maskBytes = 4
/** Status 1000: done. */
const normalClosure = Uint8Array.of(0x03, 0xe8)

const handshake = (host: Host, protocol: string): BackendHeaders => [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-key', encodeBase64(host.randomBytes(keyBytes))],
  ['sec-websocket-version', '13'],
  ['sec-websocket-protocol', protocol],
]

async function* messagesOf(
  readable: AsyncIterable<Uint8Array>,
  answer: (opcode: number, payload: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const { opcode, payload } of decodeFrames(readable)) {
    if (opcode === opcodes.ping) answer(opcodes.pong, payload)
    else if (opcode === opcodes.close) return
    else if (opcode !== opcodes.pong) yield payload
  }
}

function channelSocket(host: Host, readable: AsyncIterable<Uint8Array>, sink: ByteSink): ChannelSocket {
  const writer = new SinkWriter(sink)
  const send = (opcode: number, payload: Uint8Array): Promise<void> =>
    writer.write(encodeFrame(opcode, payload, host.randomBytes(maskBytes)))
  return {
    messages: messagesOf(readable, (opcode, payload) => void send(opcode, payload)),
    send: (channel, bytes) => {
      const message = new Uint8Array(1 + bytes.length)
      message[0] = channel
      message.set(bytes, 1)
      return send(opcodes.binary, message)
    },
    close: () => {
      void send(opcodes.close, normalClosure)
      writer.end()
    },
  }
}

/** Opens a WebSocket to a backend. Rejects as the connector does. */
export async function dialWebSocket(options: DialOptions): Promise<DialOutcome> {
  const { host, connector, address, target, protocol, signal } = options
  const outcome = await connector.upgrade({
    address,
    method: 'GET',
    target,
    headers: handshake(host, protocol),
    signal,
  })
  if (outcome.type === 'refused') return outcome
  const { readable, sink } = outcome.stream
  return { type: 'open', socket: channelSocket(host, readable, sink) }
}
