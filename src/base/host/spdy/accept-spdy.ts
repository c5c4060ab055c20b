import { AsyncQueue } from '../../async-queue.ts'
import type { UpgradedStream } from '../../byte-sink.ts'
import type { MultiplexAcceptor, MultiplexedConnection, MultiplexedStream } from '../../multiplex.ts'
import { SinkWriter } from '../../sink-writer.ts'
import { ByteQueue } from './byte-queue.ts'
import { type ControlFrame, controlFrame, dataFrame, finFlag, frameTypes, readFrames } from './frames.ts'
import { HeaderCodec, type SpdyHeaders } from './header-codec.ts'

/** Of one stream, before the client is held back. */
const queueBytes = 1024 * 1024
/** SYN_STREAM: stream, associated stream, priority and slot; then headers. */
const synStreamHeadBytes = 10
const largestStreamId = 0x7fffffff

/**
 * The server's side of SPDY/3.1 as Kubernetes' clients use it: all streams are opened by the client, and nobody does
 * flow control beyond TCP's.
 */
class SpdyConnection implements MultiplexedConnection {
  readonly streams = new AsyncQueue<MultiplexedStream>()
  readonly #transport: UpgradedStream
  readonly #writer: SinkWriter
  readonly #codec = new HeaderCodec()
  readonly #incoming = new Map<number, ByteQueue>()
  #closed = false

  constructor(transport: UpgradedStream) {
    this.#transport = transport
    this.#writer = new SinkWriter(transport.sink)
    transport.sink.onClose(() => this.#finish())
    this.#read().then(
      () => this.#finish(),
      () => this.#finish(),
    )
  }

  close(): void {
    if (this.#closed) return
    this.#finish()
    this.#writer.end()
  }

  #finish(): void {
    if (this.#closed) return
    this.#closed = true
    for (const queue of this.#incoming.values()) queue.end()
    this.#incoming.clear()
    this.streams.end()
    this.#codec.close()
  }

  async #read(): Promise<void> {
    for await (const frame of readFrames(this.#transport.readable)) {
      if (this.#closed) return
      if (frame.kind === 'control') {
        await this.#control(frame)
        continue
      }
      const queue = this.#incoming.get(frame.streamId)
      if (frame.payload.length > 0) await queue?.push(frame.payload)
      if ((frame.flags & finFlag) !== 0) this.#endIncoming(frame.streamId)
    }
  }

  async #control({ type, flags, payload }: ControlFrame): Promise<void> {
    switch (type) {
      case frameTypes.synStream:
        return this.#open(payload, flags)
      case frameTypes.rstStream:
        return this.#endIncoming(payload.readUInt32BE(0) & largestStreamId)
      case frameTypes.ping:
        // Those of the client have odd numbers and are sent back.
        if (payload.readUInt32BE(0) % 2 === 1) await this.#send(controlFrame(frameTypes.ping, 0, payload))
        return
      default:
        return
    }
  }

  async #open(payload: Buffer, flags: number): Promise<void> {
    const id = payload.readUInt32BE(0) & largestStreamId
    const headers = await this.#codec.decode(payload.subarray(synStreamHeadBytes))
    const readable = new ByteQueue(queueBytes)
    this.#incoming.set(id, readable)
    const reply = Buffer.alloc(4)
    reply.writeUInt32BE(id)
    const block = await this.#codec.encode({})
    await this.#send(controlFrame(frameTypes.synReply, 0, Buffer.concat([reply, block])))
    if ((flags & finFlag) !== 0) this.#endIncoming(id)
    this.streams.push(this.#stream(id, headers, readable))
  }

  #stream(id: number, headers: SpdyHeaders, readable: ByteQueue): MultiplexedStream {
    let ended = false
    return {
      headers,
      readable,
      write: async (bytes) => {
        if (!ended) await this.#send(dataFrame(id, 0, bytes))
      },
      end: () => {
        if (ended) return
        ended = true
        void this.#send(dataFrame(id, finFlag, new Uint8Array()))
      },
    }
  }

  #endIncoming(id: number): void {
    this.#incoming.get(id)?.end()
    this.#incoming.delete(id)
  }

  async #send(frame: Buffer): Promise<void> {
    if (!this.#closed) await this.#writer.write(frame)
  }
}

export const acceptSpdy: MultiplexAcceptor = (stream) => new SpdyConnection(stream)
