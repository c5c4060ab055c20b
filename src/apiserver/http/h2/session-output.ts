import type { Duplex } from 'node:stream'
import { Deque } from '../../../base/deque.ts'
import type { FrameWriter, Room } from './frame-writer.ts'
import type { H2Stream, ResponseHead } from './h2-stream.ts'
import { HeaderEncoder } from './header-encoder.ts'
import { defaultWindowBytes, type ErrorCode, errorCode, flag, frameType, maxFrameBytes } from './protocol.ts'
import type { TurnEnd } from './turn-end.ts'

/** Above the first the socket gets no more data until it has come down to the second. */
const fullSocketBytes = 256 * 1024
const roomySocketBytes = 64 * 1024
/** A peer that makes us answer so much without reading it is cut off. */
const maxUnreadBytes = 2 * 1024 * 1024

export interface OutputOptions {
  readonly socket: Duplex
  readonly writer: FrameWriter
  readonly turnEnd: TurnEnd
  /** Called before anything is written. */
  readonly beforeSending?: (() => void) | undefined
  /** The stream's response is on its way, all of it. */
  readonly onSent: (stream: H2Stream) => void
  /** The peer does not read what it makes us send. */
  readonly onOverrun: () => void
}

/**
 * What one connection sends: collected during a turn of the event loop and then written at once, streams taking
 * turns, as far as windows and the socket allow.
 */
export class SessionOutput {
  readonly #options: OutputOptions
  readonly #encoder = new HeaderEncoder()
  #control: Buffer[] = []
  /** The room of each write that the socket has not done yet; it does them in order. */
  readonly #writing = new Deque<Room | undefined>()
  readonly #ready = new Deque<H2Stream>()
  /** Those that only wait for the connection's window. */
  #starved: H2Stream[] = []
  #window = defaultWindowBytes
  #scheduled = false
  #blocked = false
  #ended = false

  constructor(options: OutputOptions) {
    this.#options = options
  }

  limitHeaderTable(bytes: number): void {
    this.#encoder.limitTable(bytes)
  }

  /** A whole frame that no flow control holds back. */
  control(type: number, flags: number, streamId: number, payload: Buffer): void {
    const header = Buffer.allocUnsafe(9)
    header.writeUIntBE(payload.length, 0, 3)
    header.writeUInt8(type, 3)
    header.writeUInt8(flags, 4)
    header.writeUInt32BE(streamId, 5)
    this.#control.push(header, payload)
    this.#schedule()
  }

  control32(type: number, streamId: number, value: number): void {
    const payload = Buffer.allocUnsafe(4)
    payload.writeUInt32BE(value, 0)
    this.control(type, 0, streamId, payload)
  }

  ready(stream: H2Stream): void {
    if (stream.queued) return
    stream.queued = true
    this.#ready.push(stream)
    this.#schedule()
  }

  /** Gives the connection's window after the peer has widened it. */
  widen(bytes: number): number {
    this.#window += bytes
    const starved = this.#starved
    if (starved.length > 0) {
      this.#starved = []
      for (const stream of starved) {
        stream.queued = false
        this.ready(stream)
      }
    }
    return this.#window
  }

  /** Nothing more after what is there; the socket ends then. */
  end(): void {
    if (this.#ended) return
    this.flush()
    this.#ended = true
    this.#options.socket.end()
  }

  readonly #run = (): void => {
    this.#scheduled = false
    this.flush()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.turnEnd.add(this.#run)
  }

  flush(): void {
    const { socket, writer, beforeSending } = this.#options
    if (this.#ended || socket.destroyed) return
    beforeSending?.()
    writer.begin(this.#emit)
    const control = this.#control
    if (control.length > 0) {
      this.#control = []
      for (const bytes of control) this.#emit(bytes)
    }
    if (socket.writableLength > maxUnreadBytes) this.#options.onOverrun()
    else if (!this.#blocked) this.#sendStreams()
    writer.end()
  }

  #sendStreams(): void {
    for (let stream = this.#ready.shift(); stream !== undefined; stream = this.#ready.shift()) {
      stream.queued = false
      if (!stream.closed) this.#visit(stream)
      if (this.#blocked) return
    }
  }

  readonly #emit = (bytes: Buffer, room?: Room): void => {
    const { socket } = this.#options
    this.#writing.push(room)
    socket.write(bytes, this.#onWritten)
    if (socket.writableLength > fullSocketBytes) this.#blocked = true
  }

  readonly #onWritten = (): void => {
    const room = this.#writing.shift()
    if (room !== undefined) this.#options.writer.release(room)
    if (!this.#blocked || this.#options.socket.writableLength > roomySocketBytes) return
    this.#blocked = false
    if (this.#ready.length > 0) this.#schedule()
  }

  /** Sends one frame's worth of a stream. */
  #visit(stream: H2Stream): void {
    const { responseHead } = stream
    if (stream.continues) {
      stream.continues = false
      this.#writeHead(stream.id, { status: 100, headers: {} }, false)
    }
    if (responseHead !== undefined) {
      stream.responseHead = undefined
      const isAll = stream.ending && stream.pendingBytes === 0
      this.#writeHead(stream.id, responseHead, isAll)
      if (isAll) {
        this.#finish(stream)
        return
      }
    }
    if (stream.pendingBytes > 0) this.#writeData(stream)
    else if (stream.ending) {
      this.#options.writer.frame(0, frameType.data, flag.endStream, stream.id)
      this.#finish(stream)
    }
  }

  #writeData(stream: H2Stream): void {
    if (stream.sendWindow <= 0) return
    if (this.#window <= 0) {
      stream.queued = true
      this.#starved.push(stream)
      return
    }
    const { writer } = this.#options
    const length = Math.min(stream.pendingBytes, maxFrameBytes, stream.sendWindow, this.#window)
    const isLast = stream.ending && length === stream.pendingBytes
    writer.frame(length, frameType.data, isLast ? flag.endStream : 0, stream.id)
    stream.sendWindow -= length
    this.#window -= length
    stream.moveTo(writer, length)
    if (isLast) this.#finish(stream)
    else if (stream.pendingBytes > 0 || stream.ending) this.ready(stream)
  }

  #writeHead(streamId: number, { status, headers }: ResponseHead, isAll: boolean): void {
    const { writer } = this.#options
    const end = isAll ? flag.endStream : 0
    const bound = this.#encoder.bound(headers)
    if (bound <= maxFrameBytes) {
      writer.frameOf(bound, frameType.headers, flag.endHeaders | end, streamId, (room, at) =>
        this.#encoder.write(room, at, status, headers),
      )
      return
    }
    const block = Buffer.allocUnsafeSlow(bound)
    const length = this.#encoder.write(block, 0, status, headers)
    for (let start = 0; start < length; start += maxFrameBytes) {
      const part = block.subarray(start, Math.min(start + maxFrameBytes, length))
      const last = start + part.length === length ? flag.endHeaders : 0
      if (start === 0) writer.frame(part.length, frameType.headers, last | end, streamId)
      else writer.frame(part.length, frameType.continuation, last, streamId)
      writer.payload(part)
    }
  }

  #finish(stream: H2Stream): void {
    stream.localEnded = true
    // The client may stop sending what nobody will read (RFC 9113 §8.1).
    if (!stream.remoteEnded) this.#resetFrame(stream.id, errorCode.none)
    this.#options.onSent(stream)
  }

  #resetFrame(streamId: number, code: ErrorCode): void {
    const { writer } = this.#options
    writer.frame(4, frameType.resetStream, 0, streamId)
    writer.payloadUint32(code)
  }
}
