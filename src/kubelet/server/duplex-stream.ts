import type { Duplex } from 'node:stream'
import type { UpgradedStream } from '../../base/byte-sink.ts'

/** Both directions of a socket that has left HTTP; `head` is what came with its request. */
export function duplexStream(socket: Duplex, head: Buffer): UpgradedStream {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head
    yield* socket
  }
  return {
    readable: bytes(),
    sink: {
      write: (data, taken) => {
        if (!socket.writable) {
          taken?.()
          return true
        }
        return socket.write(data, taken)
      },
      get bufferedBytes() {
        return socket.writableLength
      },
      onDrain: (callback) => void socket.once('drain', callback),
      onClose: (callback) => {
        if (socket.destroyed) callback()
        else socket.once('close', callback)
      },
      end: () => void socket.end(),
      destroy: () => void socket.destroy(),
    },
  }
}
