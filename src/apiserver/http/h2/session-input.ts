import { type DecodedHeaders, HeaderDecoder } from './header-decoder.ts'
import type { Nuisances } from './nuisances.ts'
import { ConnectionError, type ErrorCode, errorCode, flag, frameType } from './protocol.ts'

/** What the frames of a connection say, in order. */
export interface SessionEvents {
  /** `flowBytes` count against the windows: padding does, too. */
  data(streamId: number, bytes: Buffer, flowBytes: number, endStream: boolean): void
  headers(streamId: number, headers: DecodedHeaders, endStream: boolean): void
  resetByPeer(streamId: number): void
  /** The stream is to be ended for what its peer did. */
  resetFor(streamId: number, code: ErrorCode): void
  setting(name: number, value: number): void
  settingsEnd(): void
  ping(payload: Buffer): void
  widen(streamId: number, bytes: number): void
}

interface HeaderBlock {
  readonly streamId: number
  readonly endStream: boolean
  readonly parts: Buffer[]
  bytes: number
}

const maxContinuations = 80
const noBytes = Buffer.alloc(0)

const protocolError = (message: string): ConnectionError => new ConnectionError(errorCode.protocol, message)
const sizeError = (message: string): ConnectionError => new ConnectionError(errorCode.frameSize, message)

/** Reads the frames of one connection: their form, header blocks, padding. What they mean is up to `events`. */
export class SessionInput {
  readonly #events: SessionEvents
  readonly #nuisances: Nuisances
  readonly #decoder: HeaderDecoder
  readonly #maxBlockBytes: number
  #block: HeaderBlock | undefined
  #hasSettings = false

  constructor(events: SessionEvents, nuisances: Nuisances, maxHeaderBytes: number) {
    this.#events = events
    this.#nuisances = nuisances
    this.#decoder = new HeaderDecoder(maxHeaderBytes)
    this.#maxBlockBytes = maxHeaderBytes
  }

  /** Throws ConnectionError. */
  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#block !== undefined && (type !== frameType.continuation || streamId !== this.#block.streamId))
      throw protocolError('a header block is interrupted')
    if (!this.#hasSettings && (type !== frameType.settings || (flags & flag.ack) !== 0))
      throw protocolError('a connection that does not begin with settings')
    switch (type) {
      case frameType.data:
        this.#data(flags, streamId, bytes, start, end)
        break
      case frameType.headers:
        this.#headers(flags, streamId, bytes, start, end)
        break
      case frameType.continuation:
        this.#continuation(flags, bytes.subarray(start, end))
        break
      case frameType.windowUpdate:
        this.#windowUpdate(streamId, bytes, start, end)
        break
      case frameType.resetStream:
        this.#reset(streamId, end - start)
        break
      case frameType.settings:
        this.#settings(flags, streamId, bytes.subarray(start, end))
        break
      case frameType.ping:
        this.#ping(flags, streamId, bytes.subarray(start, end))
        break
      case frameType.priority:
        this.#priority(streamId, bytes, start, end)
        break
      case frameType.goAway:
        if (streamId !== 0) throw protocolError('GOAWAY on a stream')
        if (end - start < 8) throw sizeError('a short GOAWAY')
        break
      case frameType.pushPromise:
        throw protocolError('a client that pushes')
      default:
      // RFC 9113 §4.1: unknown types are ignored.
    }
  }

  #data(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw protocolError('DATA without a stream')
    const padding = this.#padding(flags, bytes, start, end)
    const from = (flags & flag.padded) === 0 ? start : start + 1
    const endStream = (flags & flag.endStream) !== 0
    if (from === end - padding && !endStream) this.#nuisances.count()
    const payload = from === end - padding ? noBytes : bytes.subarray(from, end - padding)
    this.#events.data(streamId, payload, end - start, endStream)
  }

  #padding(flags: number, bytes: Buffer, start: number, end: number): number {
    if ((flags & flag.padded) === 0) return 0
    if (start === end) throw sizeError('a padded frame without a length of its padding')
    const padding = bytes[start] ?? 0
    if (start + 1 + padding > end) throw protocolError('more padding than frame')
    return padding
  }

  #headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw protocolError('HEADERS without a stream')
    const padding = this.#padding(flags, bytes, start, end)
    let from = (flags & flag.padded) === 0 ? start : start + 1
    let isItsOwnParent = false
    if ((flags & flag.priority) !== 0) {
      if (end - padding - from < 5) throw sizeError('a priority that is cut short')
      isItsOwnParent = (bytes.readUInt32BE(from) & 0x7fffffff) === streamId
      from += 5
    }
    const endStream = (flags & flag.endStream) !== 0
    if ((flags & flag.endHeaders) !== 0) {
      this.#events.headers(streamId, this.#decoder.decode(bytes, from, end - padding), endStream)
    } else {
      const part = bytes.subarray(from, end - padding)
      this.#block = { streamId, endStream, parts: [part], bytes: part.length }
    }
    if (isItsOwnParent) this.#events.resetFor(streamId, errorCode.protocol)
  }

  #continuation(flags: number, part: Buffer): void {
    const block = this.#block
    if (block === undefined) throw protocolError('CONTINUATION of nothing')
    block.parts.push(part)
    block.bytes += part.length
    if (block.bytes > this.#maxBlockBytes || block.parts.length > maxContinuations)
      throw new ConnectionError(errorCode.enhanceYourCalm, 'a header block without end')
    if ((flags & flag.endHeaders) === 0) return
    this.#block = undefined
    const whole = Buffer.concat(block.parts, block.bytes)
    this.#events.headers(block.streamId, this.#decoder.decode(whole, 0, whole.length), block.endStream)
  }

  #windowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw sizeError('a WINDOW_UPDATE of another length than 4')
    const increment = bytes.readUInt32BE(start) & 0x7fffffff
    if (increment > 0) this.#events.widen(streamId, increment)
    else if (streamId === 0) throw protocolError('a window that is widened by nothing')
    else this.#events.resetFor(streamId, errorCode.protocol)
  }

  #reset(streamId: number, length: number): void {
    if (streamId === 0) throw protocolError('RST_STREAM without a stream')
    if (length !== 4) throw sizeError('a RST_STREAM of another length than 4')
    this.#nuisances.count()
    this.#events.resetByPeer(streamId)
  }

  #settings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw protocolError('SETTINGS on a stream')
    if ((flags & flag.ack) !== 0) {
      if (payload.length > 0) throw sizeError('an acknowledgement with settings')
      return
    }
    if (payload.length % 6 !== 0) throw sizeError('SETTINGS that are cut short')
    if (this.#hasSettings) this.#nuisances.count()
    this.#hasSettings = true
    for (let at = 0; at < payload.length; at += 6)
      this.#events.setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
    this.#events.settingsEnd()
  }

  #ping(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw protocolError('PING on a stream')
    if (payload.length !== 8) throw sizeError('a PING of another length than 8')
    if ((flags & flag.ack) !== 0) return
    this.#nuisances.count()
    this.#events.ping(payload)
  }

  #priority(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw protocolError('PRIORITY without a stream')
    this.#nuisances.count()
    if (end - start !== 5) this.#events.resetFor(streamId, errorCode.frameSize)
    else if ((bytes.readUInt32BE(start) & 0x7fffffff) === streamId)
      this.#events.resetFor(streamId, errorCode.protocol)
  }
}
