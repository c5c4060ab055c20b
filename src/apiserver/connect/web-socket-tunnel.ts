import type { ByteSink, UpgradedStream } from '../../base/byte-sink.ts'
import { decodeFrames, encodeFrame, opcodes } from './web-socket-frames.ts'

async function* payloads(source: AsyncIterable<Uint8Array>, sink: ByteSink): AsyncGenerator<Uint8Array> {
  for await (const { opcode, payload } of decodeFrames(source)) {
    if (opcode === opcodes.ping) sink.write(encodeFrame(opcodes.pong, payload))
    else if (opcode === opcodes.close) return
    else if (opcode !== opcodes.pong) yield payload
  }
}

/** A client's WebSocket as the plain stream that it carries in binary messages (KEP-4006). */
export function webSocketTunnel({ readable, sink }: UpgradedStream): UpgradedStream {
  return {
    readable: payloads(readable, sink),
    sink: {
      write: (bytes) => sink.write(encodeFrame(opcodes.binary, bytes)),
      get bufferedBytes() {
        return sink.bufferedBytes
      },
      onDrain: (callback) => sink.onDrain(callback),
      onClose: (callback) => sink.onClose(callback),
      end: () => {
        sink.write(encodeFrame(opcodes.close, Uint8Array.of(0x03, 0xe8)))
        sink.end()
      },
      destroy: () => sink.destroy(),
    },
  }
}
