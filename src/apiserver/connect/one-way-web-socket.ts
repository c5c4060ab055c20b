import { badRequest } from '../../apimachinery/status-error.ts'
import type { UpgradedStream } from '../../base/byte-sink.ts'
import { SinkWriter } from '../../base/sink-writer.ts'
import type { ServerRequest } from '../request.ts'
import type { UpgradeResponse } from '../response.ts'
import { offeredProtocols } from './upgrade-kind.ts'
import { decodeFrames, encodeFrame, opcodes } from './web-socket-frames.ts'

const binaryProtocol = 'binary.k8s.io'
const base64Protocol = 'base64.binary.k8s.io'

const normalClosure = Uint8Array.of(0x03, 0xe8)

type Encode = (bytes: Uint8Array) => Uint8Array

const asBinary: Encode = (bytes) => encodeFrame(opcodes.binary, bytes)

const asBase64: Encode = (bytes) => {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return encodeFrame(opcodes.text, new TextEncoder().encode(btoa(text)))
}

/** Answers pings until the client goes; what else it says is for nobody. */
async function untilGone({ readable, sink }: UpgradedStream): Promise<void> {
  for await (const { opcode, payload } of decodeFrames(readable)) {
    if (opcode === opcodes.ping) sink.write(encodeFrame(opcodes.pong, payload))
    if (opcode === opcodes.close) return
  }
}

async function send(source: AsyncIterable<Uint8Array>, { sink }: UpgradedStream, encode: Encode) {
  const writer = new SinkWriter(sink)
  try {
    // Upstream's way to show that the other side is there.
    await writer.write(encode(new Uint8Array()))
    for await (const bytes of source) await writer.write(encode(bytes))
    await writer.write(encodeFrame(opcodes.close, normalClosure))
    writer.end()
  } catch {
    writer.destroy()
  }
}

/** A stream as messages to a client that only listens; without a protocol they are binary. */
export function overWebSocket(request: ServerRequest, source: AsyncIterable<Uint8Array>): UpgradeResponse {
  const offered = offeredProtocols(request)
  const protocol = offered.find((name) => name === binaryProtocol || name === base64Protocol)
  if (offered.length > 0 && protocol === undefined)
    throw badRequest(
      `unable to upgrade: client supports [${offered.join(' ')}], server accepts [${binaryProtocol} ${base64Protocol}]`,
    )
  return {
    type: 'upgrade',
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      ...(protocol === undefined ? {} : { 'sec-websocket-protocol': protocol }),
    },
    start: (stream) => {
      void untilGone(stream)
        .catch(() => {})
        .finally(() => stream.sink.end())
      void send(source, stream, protocol === base64Protocol ? asBase64 : asBinary)
    },
  }
}
