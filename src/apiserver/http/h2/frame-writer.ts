import { frameHeaderBytes } from './protocol.ts'

const roomBytes = 64 * 1024
/** Rooms that wait to be used again. */
const maxFreeRooms = 16

/** Memory that frames are written into. Whoever is handed bytes of it gives it back by `release`, once for each time. */
export interface Room {
  readonly bytes: Buffer
  /** How many times it has been handed out and not given back. */
  lent: number
}

const newRoom = (bytes: number): Room => ({ bytes: Buffer.allocUnsafeSlow(bytes), lent: 0 })

/**
 * Writes frames one behind another into large buffers, so that all that a connection sends in one turn is one write
 * to its socket. One for a server: connections take it in turn, from `begin` to `end` without a pause. What has been
 * emitted is not written again before it has been released: a list of a hundred megabytes takes a few rooms, and none
 * is left to the garbage collector.
 */
export class FrameWriter {
  readonly #free: Room[] = []
  #room: Room = newRoom(roomBytes)
  #start = 0
  #used = 0
  #emit: (bytes: Buffer, room: Room) => void = () => {}

  /** `emit` takes what has been written, in order, and has the room released when the bytes are not needed any more. */
  begin(emit: (bytes: Buffer, room: Room) => void): void {
    this.#emit = emit
  }

  end(): void {
    this.#handOut()
    this.#emit = () => {}
  }

  release(room: Room): void {
    room.lent--
    if (room.lent > 0) return
    if (room === this.#room) {
      if (this.#start < this.#used) return
      this.#start = 0
      this.#used = 0
    } else if (room.bytes.length === roomBytes && this.#free.length < maxFreeRooms) this.#free.push(room)
  }

  #handOut(): void {
    if (this.#used === this.#start) return
    const bytes = this.#room.bytes.subarray(this.#start, this.#used)
    this.#start = this.#used
    this.#room.lent++
    this.#emit(bytes, this.#room)
  }

  #reserve(bytes: number): void {
    if (this.#room.bytes.length - this.#used >= bytes) return
    this.#handOut()
    const full = this.#room
    this.#room = (bytes <= roomBytes ? this.#free.pop() : undefined) ?? newRoom(Math.max(roomBytes, bytes))
    this.#start = 0
    this.#used = 0
    if (full.lent === 0 && full.bytes.length === roomBytes && this.#free.length < maxFreeRooms)
      this.#free.push(full)
  }

  /** A frame's header; room is made for its payload, which follows by `payload`. */
  frame(length: number, type: number, flags: number, streamId: number): void {
    this.#reserve(frameHeaderBytes + length)
    const room = this.#room.bytes
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
    this.#room.bytes.set(bytes, this.#used)
    this.#used += bytes.length
  }

  payloadUint32(value: number): void {
    this.#used = this.#room.bytes.writeUInt32BE(value >>> 0, this.#used)
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
    const end = write(this.#room.bytes, this.#used)
    this.#room.bytes.writeUIntBE(end - at - frameHeaderBytes, at, 3)
    this.#used = end
  }
}
