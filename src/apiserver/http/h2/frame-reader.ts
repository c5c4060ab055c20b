import { ConnectionError, errorCode, frameHeaderBytes, maxFrameBytes, preface } from './protocol.ts'

/** Takes one frame; its payload is `bytes` from `start` to `end`, and nobody writes there afterwards. */
export type FrameHandler = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void

/** Cuts what arrives over a connection into frames, after the client's preface. */
export class FrameReader {
  readonly #onFrame: FrameHandler
  /** The beginning of what is not complete yet. */
  #parts: Buffer[] = []
  #partsBytes = 0
  /** So many bytes have to be there before it makes sense to look again. */
  #neededBytes = preface.length
  #greeted = false

  constructor(onFrame: FrameHandler) {
    this.#onFrame = onFrame
  }

  /** Throws ConnectionError; also what the handler throws. Not to be called again then. */
  push(chunk: Buffer): void {
    let bytes = chunk
    if (this.#partsBytes > 0) {
      this.#parts.push(chunk)
      this.#partsBytes += chunk.length
      if (this.#partsBytes < this.#neededBytes) return
      bytes = Buffer.concat(this.#parts, this.#partsBytes)
      this.#parts = []
      this.#partsBytes = 0
    }
    const rest = this.#read(bytes)
    if (rest === bytes.length) return
    this.#parts.push(rest === 0 ? bytes : bytes.subarray(rest))
    this.#partsBytes = bytes.length - rest
  }

  /** Gives where the first incomplete frame begins. */
  #read(bytes: Buffer): number {
    let at = 0
    if (!this.#greeted) {
      if (!bytes.subarray(0, preface.length).equals(preface.subarray(0, bytes.length)))
        throw new ConnectionError(errorCode.protocol, 'not an HTTP/2 preface')
      if (bytes.length < preface.length) return 0
      this.#greeted = true
      at = preface.length
    }
    for (;;) {
      this.#neededBytes = frameHeaderBytes
      if (bytes.length - at < frameHeaderBytes) return at
      const length = bytes.readUIntBE(at, 3)
      if (length > maxFrameBytes) throw new ConnectionError(errorCode.frameSize, 'the frame is too large')
      const start = at + frameHeaderBytes
      const end = start + length
      this.#neededBytes = frameHeaderBytes + length
      if (end > bytes.length) return at
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff
      this.#onFrame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, streamId, bytes, start, end)
      at = end
    }
  }
}
