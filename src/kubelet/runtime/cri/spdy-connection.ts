import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { constants, createDeflate, type Deflate } from 'node:zlib'
import { controlFrame, dataFrame, finFlag, frameTypes, readFrames } from '../../../base/host/spdy/frames.ts'
import { encodeHeaders } from '../../../base/host/spdy/header-codec.ts'
import { RuntimeError } from '../runtime.ts'

/** Takes a stream's bytes in order; a promise holds the whole connection back. */
export type StreamSink = (data: Uint8Array) => void | Promise<void>

/** One direction of a stream is closed by `end`; `closed` resolves when the other side has closed its own. */
export interface SpdyStream {
  write(data: Uint8Array): Promise<void>
  end(): void
  readonly closed: Promise<void>
}

interface Incoming {
  readonly sink: StreamSink
  readonly close: () => void
}

/** As long as the runtime's other requests may take; upstream waits without a limit. */
const connectTimeoutMs = 120_000

/**
 * The client's side of SPDY/3.1 as container runtimes stream exec, attach and port-forward over it
 * (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/). It is what all of them speak and, other
 * than their older WebSocket protocols, can close one direction: a command sees the end of its input. Streams
 * are opened by this side only, headers of the other side say nothing that is needed, and there is no flow
 * control beyond TCP's, as in the library that runtimes use.
 */
export class SpdyConnection {
  readonly #socket: Duplex
  readonly #deflate: Deflate
  readonly #streams = new Map<number, Incoming>()
  #nextId = 1
  #headers: Promise<void> = Promise.resolve()
  #settle: (error: Error | undefined) => void = () => {}
  /** Resolves when the connection is over, with what broke it. */
  readonly over: Promise<Error | undefined>

  private constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket
    this.#deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH })
    this.over = new Promise((resolve) => {
      this.#settle = resolve
    })
    void this.#read(head)
  }

  /** Over a connection that has left HTTP; `head` came with its answer. */
  static over(socket: Duplex, head: Buffer): SpdyConnection {
    return new SpdyConnection(socket, head)
  }

  /** Upgrades a POST to `url`; `protocol` is the sub-protocol (`v4.channel.k8s.io`). */
  static connect(url: string, protocol: string): Promise<SpdyConnection> {
    return new Promise((resolve, reject) => {
      const headers = {
        Connection: 'Upgrade',
        Upgrade: 'SPDY/3.1',
        'X-Stream-Protocol-Version': protocol,
      }
      const call = request(url, { method: 'POST', headers, timeout: connectTimeoutMs })
      call.on('upgrade', (_response, socket, head) => {
        socket.setTimeout(0)
        resolve(SpdyConnection.over(socket, head))
      })
      call.on('response', (response) => {
        response.resume()
        reject(new RuntimeError('Unknown', `the runtime refused to stream: ${response.statusCode}`))
      })
      call.on('timeout', () => call.destroy(new Error('timed out')))
      call.on('error', (error) => reject(new RuntimeError('Unavailable', error.message)))
      call.end()
    })
  }

  /** Opens a stream; `halfClosed` says that this side writes nothing on it. */
  async open(
    headers: Readonly<Record<string, string>>,
    halfClosed: boolean,
    sink: StreamSink,
  ): Promise<SpdyStream> {
    const id = this.#nextId
    this.#nextId += 2
    const closed = new Promise<void>((resolve) => {
      this.#streams.set(id, { sink, close: resolve })
    })
    // Frames with headers go out in the order in which they were compressed.
    const sent = this.#headers.then(async () => {
      const block = await this.#compress(encodeHeaders(headers))
      const frame = Buffer.alloc(10)
      frame.writeUInt32BE(id, 0)
      await this.#sendControl(frameTypes.synStream, halfClosed ? finFlag : 0, Buffer.concat([frame, block]))
    })
    this.#headers = sent.catch(() => {})
    await sent
    return {
      write: (data) => this.#sendData(id, 0, data),
      end: () => void this.#sendData(id, finFlag, new Uint8Array()),
      closed,
    }
  }

  close(): void {
    this.#socket.destroy()
    this.#finish(undefined)
  }

  #finish(error: Error | undefined): void {
    for (const { close } of this.#streams.values()) close()
    this.#streams.clear()
    this.#deflate.close()
    this.#settle(error)
  }

  #compress(block: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      const collect = (chunk: Buffer): number => chunks.push(chunk)
      this.#deflate.on('data', collect)
      this.#deflate.write(block, (error) => {
        if (error) return reject(error)
        this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
          this.#deflate.off('data', collect)
          resolve(Buffer.concat(chunks))
        })
      })
    })
  }

  #sendControl(type: number, flags: number, payload: Buffer): Promise<void> {
    return this.#send(controlFrame(type, flags, payload))
  }

  #sendData(id: number, flags: number, data: Uint8Array): Promise<void> {
    return this.#send(dataFrame(id, flags, data))
  }

  #send(frame: Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve()
      else this.#socket.write(frame, () => resolve())
    })
  }

  async #read(head: Buffer): Promise<void> {
    const socket = this.#socket
    async function* bytes(): AsyncGenerator<Uint8Array> {
      if (head.length > 0) yield head
      yield* socket
    }
    try {
      for await (const frame of readFrames(bytes())) {
        if (frame.kind === 'control') await this.#takeControl(frame.type, frame.payload)
        else await this.#takeData(frame.streamId, frame.flags, frame.payload)
      }
      this.#finish(undefined)
    } catch (error) {
      this.#finish(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #takeData(id: number, flags: number, payload: Buffer): Promise<void> {
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    if (payload.length > 0) await stream.sink(payload)
    if ((flags & finFlag) !== 0) this.#closeStream(id)
  }

  async #takeControl(type: number, payload: Buffer): Promise<void> {
    if (type === frameTypes.rstStream) this.#closeStream(payload.readUInt32BE(0) & 0x7fffffff)
    else if (type === frameTypes.ping && payload.readUInt32BE(0) % 2 === 0)
      await this.#sendControl(frameTypes.ping, 0, payload)
    else if (type === frameTypes.goAway) for (const id of [...this.#streams.keys()]) this.#closeStream(id)
  }

  #closeStream(id: number): void {
    this.#streams.get(id)?.close()
    this.#streams.delete(id)
  }
}
