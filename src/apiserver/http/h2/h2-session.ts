import type { Duplex } from 'node:stream'
import type { Host, Timer } from '../../../base/host.ts'
import type { HttpLimits } from '../limits.ts'
import { FrameReader } from './frame-reader.ts'
import type { FrameWriter } from './frame-writer.ts'
import { H2Stream, type StreamOwner } from './h2-stream.ts'
import type { DecodedHeaders } from './header-decoder.ts'
import { Nuisances } from './nuisances.ts'
import {
  ConnectionError,
  defaultWindowBytes,
  type ErrorCode,
  errorCode,
  flag,
  frameType,
  maxFrameBytes,
  maxFrameBytesLimit,
  maxWindowBytes,
  setting,
} from './protocol.ts'
import { ReceiveWindow } from './receive-window.ts'
import { areRegularFields, requestHead } from './request-head.ts'
import { type SessionEvents, SessionInput } from './session-input.ts'
import { SessionOutput } from './session-output.ts'
import type { TurnEnd } from './turn-end.ts'

export interface SessionOptions {
  readonly socket: Duplex
  readonly host: Host
  readonly limits: HttpLimits
  readonly writer: FrameWriter
  readonly turnEnd: TurnEnd
  /** Called before anything is written. */
  readonly beforeSending?: (() => void) | undefined
  /** A request has begun; if its body is small, it is there. */
  readonly onStream: (stream: H2Stream) => void
  readonly onError: (error: ConnectionError) => void
}

/** For the upload of several bodies at a time. */
const sessionWindowBytes = 4 * 1024 * 1024
const streamWindowBytes = 256 * 1024
/** Streams ended from here whose frames may still be on their way. */
const maxRecentResets = 256
/** For a peer that does not take its farewell. */
const farewellMs = 1000

const protocolError = (message: string): ConnectionError => new ConnectionError(errorCode.protocol, message)

/** One HTTP/2 connection, the server's side (RFC 9113): its streams, settings and end. */
export class H2Session implements StreamOwner, SessionEvents {
  readonly #options: SessionOptions
  readonly #output: SessionOutput
  readonly #streams = new Map<number, H2Stream>()
  readonly #recentResets = new Set<number>()
  readonly #receiveWindow = new ReceiveWindow(sessionWindowBytes)
  /** Requests of what is being read, which are told once all of it has been. */
  #arrived: H2Stream[] = []
  #lastStreamId = 0
  /** Of new streams, as the peer's settings say. */
  #sendWindow = defaultWindowBytes
  #closing = false
  #failed = false
  #idleTimer: Timer | undefined
  #activeMs: number

  constructor(options: SessionOptions) {
    this.#options = options
    const { socket, host, limits, writer, turnEnd, beforeSending } = options
    this.#activeMs = host.monotonicMs()
    this.#output = new SessionOutput({
      socket,
      writer,
      turnEnd,
      beforeSending,
      onSent: (stream) => this.#remove(stream, !stream.remoteEnded),
      onOverrun: () => this.destroy(),
    })
    this.#greet()
    this.#watchIdle()
    const input = new SessionInput(this, new Nuisances(() => host.monotonicMs()), limits.maxHeaderBytes)
    const reader = new FrameReader(input.frame.bind(input))
    socket.on('data', (chunk: Buffer) => this.#read(reader, chunk))
    socket.once('end', () => socket.end())
    socket.once('close', () => this.#onSocketClosed())
  }

  #greet(): void {
    const { limits } = this.#options
    const settings = [
      [setting.maxConcurrentStreams, limits.maxStreamsPerConnection],
      [setting.initialWindowSize, streamWindowBytes],
      [setting.maxHeaderListSize, limits.maxHeaderBytes],
    ] as const
    const payload = Buffer.alloc(settings.length * 6)
    for (const [index, [name, value]] of settings.entries()) {
      payload.writeUInt16BE(name, index * 6)
      payload.writeUInt32BE(value, index * 6 + 2)
    }
    this.#output.control(frameType.settings, 0, 0, payload)
    this.#output.control32(frameType.windowUpdate, 0, sessionWindowBytes - defaultWindowBytes)
  }

  #watchIdle(): void {
    const { host, limits } = this.#options
    const idleMs = this.#streams.size > 0 ? 0 : host.monotonicMs() - this.#activeMs
    if (idleMs >= limits.idleTimeoutMs) this.close()
    else this.#idleTimer = host.schedule(limits.idleTimeoutMs - idleMs, () => this.#watchIdle())
  }

  #read(reader: FrameReader, chunk: Buffer): void {
    if (this.#failed) return
    this.#activeMs = this.#options.host.monotonicMs()
    try {
      reader.push(chunk)
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      this.#fail(error)
    }
    const arrived = this.#arrived
    if (arrived.length === 0) return
    this.#arrived = []
    for (const stream of arrived) if (!stream.closed) this.#options.onStream(stream)
  }

  #fail(error: ConnectionError): void {
    this.#failed = true
    this.#options.onError(error)
    this.#goAway(error.code)
    this.#leave()
    this.#removeAll()
  }

  #leave(): void {
    this.#output.end()
    this.#options.host.schedule(farewellMs, () => this.destroy())
  }

  #goAway(code: ErrorCode): void {
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(this.#lastStreamId, 0)
    payload.writeUInt32BE(code, 4)
    this.#output.control(frameType.goAway, 0, 0, payload)
  }

  #onSocketClosed(): void {
    this.#failed = true
    this.#idleTimer?.cancel()
    this.#removeAll()
  }

  #removeAll(): void {
    for (const stream of [...this.#streams.values()]) this.#remove(stream, false)
  }

  /** Takes no more requests; ends when those that are under way have been answered. Idempotent. */
  close(): void {
    if (this.#closing || this.#failed) return
    this.#closing = true
    this.#idleTimer?.cancel()
    this.#goAway(errorCode.none)
    if (this.#streams.size === 0) this.#leave()
  }

  destroy(): void {
    this.#options.socket.destroy()
  }

  #remove(stream: H2Stream, stillComing: boolean): void {
    if (!this.#streams.delete(stream.id)) return
    this.#activeMs = this.#options.host.monotonicMs()
    if (stillComing) this.#remember(stream.id)
    this.#release(stream.heldBytes)
    stream.heldBytes = 0
    stream.close()
    if (this.#closing && this.#streams.size === 0 && !this.#failed)
      this.#options.turnEnd.add(() => this.#leave())
  }

  #remember(streamId: number): void {
    this.#recentResets.add(streamId)
    if (this.#recentResets.size <= maxRecentResets) return
    const [oldest = 0] = this.#recentResets
    this.#recentResets.delete(oldest)
  }

  #release(bytes: number): void {
    const increment = this.#receiveWindow.release(bytes)
    if (increment > 0) this.#output.control32(frameType.windowUpdate, 0, increment)
  }

  #isIdle(streamId: number): boolean {
    // After GOAWAY streams begin without us.
    return !this.#closing && (streamId > this.#lastStreamId || streamId % 2 === 0)
  }

  ready(stream: H2Stream): void {
    this.#output.ready(stream)
  }

  reading(stream: H2Stream): void {
    const { heldBytes } = stream
    stream.heldBytes = 0
    this.#releaseOf(stream, heldBytes)
  }

  #releaseOf(stream: H2Stream, bytes: number): void {
    this.#release(bytes)
    const increment = stream.receiveWindow.release(bytes)
    if (increment > 0) this.#output.control32(frameType.windowUpdate, stream.id, increment)
  }

  reset(stream: H2Stream, code: ErrorCode): void {
    this.#output.control32(frameType.resetStream, stream.id, code)
    this.#remove(stream, true)
  }

  resetFor(streamId: number, code: ErrorCode): void {
    const stream = this.#streams.get(streamId)
    if (stream !== undefined) this.reset(stream, code)
    else this.#output.control32(frameType.resetStream, streamId, code)
  }

  data(streamId: number, bytes: Buffer, flowBytes: number, endStream: boolean): void {
    if (!this.#receiveWindow.take(flowBytes))
      throw new ConnectionError(errorCode.flowControl, 'more data than the window of the connection')
    const stream = this.#streams.get(streamId)
    if (stream === undefined) {
      if (this.#isIdle(streamId)) throw protocolError('DATA on a stream that has not begun')
      this.#release(flowBytes)
      if (!this.#closing && !this.#recentResets.has(streamId)) this.resetFor(streamId, errorCode.streamClosed)
      return
    }
    stream.heldBytes += flowBytes
    if (stream.remoteEnded) this.reset(stream, errorCode.streamClosed)
    else if (!stream.receiveWindow.take(flowBytes)) this.reset(stream, errorCode.flowControl)
    else if (!stream.receive(bytes) || (endStream && !stream.endReceiving()))
      this.reset(stream, errorCode.protocol)
    else if (stream.refusing) {
      this.#release(stream.heldBytes)
      stream.heldBytes = 0
    } else if (stream.reading) this.reading(stream)
  }

  headers(streamId: number, headers: DecodedHeaders, endStream: boolean): void {
    const known = this.#streams.get(streamId)
    if (known !== undefined) this.#trailers(known, headers, endStream)
    else if (streamId % 2 === 0) throw protocolError('a stream with an even number')
    else if (streamId > this.#lastStreamId) this.#begin(streamId, headers, endStream)
    else if (!this.#recentResets.has(streamId))
      throw new ConnectionError(errorCode.streamClosed, 'HEADERS on a stream that has ended')
  }

  #trailers(stream: H2Stream, { fields, invalid }: DecodedHeaders, endStream: boolean): void {
    if (stream.remoteEnded) this.reset(stream, errorCode.streamClosed)
    else if (!endStream || invalid || !areRegularFields(fields, 0) || !stream.endReceiving())
      this.reset(stream, errorCode.protocol)
  }

  #begin(streamId: number, { fields, invalid, tooLarge }: DecodedHeaders, endStream: boolean): void {
    // After GOAWAY the client knows that nobody will answer.
    if (this.#closing) return
    this.#lastStreamId = streamId
    if (this.#streams.size >= this.#options.limits.maxStreamsPerConnection) {
      this.resetFor(streamId, errorCode.refusedStream)
      return
    }
    const head = invalid || tooLarge ? undefined : requestHead(fields)
    if (head === undefined && !tooLarge) {
      this.resetFor(streamId, errorCode.protocol)
      return
    }
    const windows = { receive: streamWindowBytes, send: this.#sendWindow }
    const none = { method: '', target: '', fields: [], contentLength: undefined, expectsContinue: false }
    const stream = new H2Stream(streamId, head ?? none, this, windows)
    this.#streams.set(streamId, stream)
    if (endStream && !stream.endReceiving()) this.reset(stream, errorCode.protocol)
    else if (head !== undefined) this.#arrived.push(stream)
    else {
      stream.respond(431, {})
      stream.end()
    }
  }

  resetByPeer(streamId: number): void {
    const stream = this.#streams.get(streamId)
    this.#recentResets.delete(streamId)
    if (stream !== undefined) this.#remove(stream, false)
    else if (this.#isIdle(streamId)) throw protocolError('RST_STREAM of a stream that has not begun')
  }

  setting(name: number, value: number): void {
    if (name === setting.headerTableSize) this.#output.limitHeaderTable(value)
    else if (name === setting.enablePush) {
      if (value > 1) throw protocolError('ENABLE_PUSH is neither 0 nor 1')
    } else if (name === setting.maxFrameSize) {
      // What we send is never larger than what everybody has to take.
      if (value < maxFrameBytes || value > maxFrameBytesLimit)
        throw protocolError('a MAX_FRAME_SIZE that cannot be')
    } else if (name === setting.initialWindowSize) this.#resize(value)
  }

  #resize(bytes: number): void {
    if (bytes > maxWindowBytes)
      throw new ConnectionError(errorCode.flowControl, 'an INITIAL_WINDOW_SIZE that cannot be')
    const change = bytes - this.#sendWindow
    this.#sendWindow = bytes
    for (const stream of this.#streams.values()) {
      stream.sendWindow += change
      if (stream.sendWindow > maxWindowBytes)
        throw new ConnectionError(errorCode.flowControl, 'a window that is too large')
      if (stream.pendingBytes > 0) this.#output.ready(stream)
    }
  }

  settingsEnd(): void {
    this.#output.control(frameType.settings, flag.ack, 0, Buffer.alloc(0))
  }

  ping(payload: Buffer): void {
    this.#output.control(frameType.ping, flag.ack, 0, payload)
  }

  widen(streamId: number, bytes: number): void {
    if (streamId === 0) {
      if (this.#output.widen(bytes) > maxWindowBytes)
        throw new ConnectionError(errorCode.flowControl, 'a window that is too large')
      return
    }
    const stream = this.#streams.get(streamId)
    if (stream === undefined) {
      if (this.#isIdle(streamId)) throw protocolError('a window of a stream that has not begun')
      return
    }
    stream.sendWindow += bytes
    if (stream.sendWindow > maxWindowBytes) this.reset(stream, errorCode.flowControl)
    else if (stream.pendingBytes > 0) this.#output.ready(stream)
  }
}
