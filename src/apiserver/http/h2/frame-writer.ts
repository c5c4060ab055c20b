import { frameHeaderBytes } from './protocol.ts'

const roomBytes = 64 * 1024

/**
 * Writes frames one behind another into large buffers, so that all that a connection sends in one turn is one write
 * to its socket. One for a server: connections take it in turn, from `begin` to `end` without a pause. What has been
 * emitted is never written again.
 */
export class FrameWriter {
  #room: Buffer = Buffer.allocUnsafeSlow(roomBytes)
  #start = 0
  #used = 0
  #emit: (bytes: Buffer) => void = () => {}

  /** `emit` takes what has been written, in order. */
  begin(emit: (bytes: Buffer) => void): void {
    this.#emit = emit
  }

  end(): void {
    if (this.#used > this.#start) this.#emit(this.#room.subarray(this.#start, this.#used))
    this.#start = this.#used
    this.#emit = () => {}
  }

  #reserve(bytes: number): void {
    if (this.#room.length - this.#used >= bytes) return
    if (this.#used > this.#start) this.#emit(this.#room.subarray(this.#start, this.#used))
    this.#room = Buffer.allocUnsafeSlow(Math.max(roomBytes, bytes))
    this.#start = 0
    this.#used = 0
  }

  /** A frame's header; room is made for its payload, which follows by `payload`. */
  frame(length: number, type: number, flags: number, streamId: number): void {
    this.#reserve(frameHeaderBytes + length)
    const room = this.#room
    const at = this.#used
    room[at] = length >> 16
    room[at + 1] = length >> 8
    room[at + 2] = length
    room[at + 3] = type
    room[at + 4] = flags
    room[at + 5] = streamId >> 24
    room[at + 6] = streamId >> 16
    room[at + 7] = streamId >> 8
    room[at + 8] = streamId
    this.#used = at + frameHeaderBytes
  }

  payload(bytes: Uint8Array): void {
    this.#room.set(bytes, this.#used)
    this.#used += bytes.length
  }

  payloadUint32(value: number): void {
    this.#used = this.#room.writeUInt32BE(value >>> 0, this.#used)
  }

  /** A frame whose length is known only once it is written: at most `bound` bytes. `write` gives where it ends. */
  frameOf(
    bound: number,
    type: number,
    flags: number,
    streamId: number,
    write: (room: Buffer, at: number) => number,
  ): void {
    this.#reserve(frameHeaderBytes + bound)
    const at = this.#used
    this.frame(0, type, flags, streamId)
    const end = write(this.#room, this.#used)
    this.#room.writeUIntBE(end - at - frameHeaderBytes, at, 3)
    this.#used = end
  }
}
