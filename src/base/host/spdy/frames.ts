/** Frames of SPDY/3.1 (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/). */
export const frameTypes = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const

export const finFlag = 1
const version = 3
const headBytes = 8
const controlBit = 0x80000000

export interface ControlFrame {
  readonly kind: 'control'
  readonly type: number
  readonly flags: number
  readonly payload: Buffer
}

export interface DataFrame {
  readonly kind: 'data'
  readonly streamId: number
  readonly flags: number
  readonly payload: Buffer
}

export function controlFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE((controlBit | (version << 16) | type) >>> 0, 0)
  head.writeUInt32BE(flags * 2 ** 24 + payload.length, 4)
  return Buffer.concat([head, payload])
}

export function dataFrame(streamId: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE(streamId, 0)
  head.writeUInt32BE(flags * 2 ** 24 + payload.length, 4)
  return Buffer.concat([head, payload])
}

/** The frames of a stream of bytes, in order. */
export async function* readFrames(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<ControlFrame | DataFrame> {
  let buffered: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    buffered = buffered.length === 0 ? Buffer.from(chunk) : Buffer.concat([buffered, chunk])
    while (buffered.length >= headBytes) {
      const length = buffered.readUInt32BE(4) & 0xffffff
      if (buffered.length < headBytes + length) break
      const first = buffered.readUInt32BE(0)
      const flags = buffered.readUInt8(4)
      const payload = Buffer.from(buffered.subarray(headBytes, headBytes + length))
      buffered = buffered.subarray(headBytes + length)
      yield first >= controlBit
        ? { kind: 'control', type: first & 0xffff, flags, payload }
        : { kind: 'data', streamId: first, flags, payload }
    }
  }
}
