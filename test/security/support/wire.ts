import { connect, type TLSSocket } from 'node:tls'
import type { Ground } from './ground.ts'

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const
export const end = { stream: 1, headers: 4 } as const

/** What a connection is ended for (RFC 9113 §7). */
export const errorCode = { protocol: 1, flowControl: 3, compression: 9, calm: 11 } as const

export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A field that no table remembers, its name and value shorter than 127 bytes. */
export const field = (name: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ])

/** The head of a GET. */
export const getHead = (path: string): Buffer =>
  Buffer.concat([field(':method', 'GET'), field(':scheme', 'https'), field(':path', path)])

export interface Heard {
  readonly frames: readonly { readonly type: number; readonly streamId: number; readonly payload: Buffer }[]
  /** Why the server ended the connection; undefined where it did not say. */
  readonly goAway: number | undefined
}

function framesOf(bytes: Buffer): Heard['frames'] {
  const frames = []
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3)
    const payload = bytes.subarray(at + 9, at + 9 + length)
    frames.push({ type: bytes[at + 3] ?? 0, streamId: bytes.readUInt32BE(at + 5), payload })
    at += 9 + length
  }
  return frames
}

/** A connection over which anything is sent. */
export class Wire {
  readonly socket: TLSSocket
  readonly closed: Promise<void>
  readonly #chunks: Buffer[] = []

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    // What the server does not want to read any more.
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  static open(ground: Ground, protocol: 'h2' | 'http/1.1', user = 'guest'): Promise<Wire> {
    const { hostname, port } = new URL(ground.to.server)
    const { certificatePem: cert, keyPem: key } = ground.certificate(user)
    return new Promise((resolve, reject) => {
      const socket = connect({
        ...{ host: hostname, port: Number(port), ca: ground.to.certificateAuthority, cert, key },
        ALPNProtocols: [protocol],
      })
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        socket.off('error', reject)
        const wire = new Wire(socket)
        if (protocol === 'h2')
          socket.write(Buffer.concat([Buffer.from(preface), frame(frameType.settings, 0, 0)]))
        resolve(wire)
      })
    })
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  get heard(): Heard {
    const frames = framesOf(Buffer.concat(this.#chunks))
    const last = frames.findLast(({ type }) => type === frameType.goAway)
    return { frames, goAway: last?.payload.readUInt32BE(4) }
  }

  close(): void {
    this.socket.destroy()
  }
}
