/** Messages of RFC 6455, one after another over a stream of bytes: as much as tunnels and channels need. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface Frame {
  readonly opcode: number
  readonly payload: Uint8Array
}

/** Larger messages are nobody's. */
const maxMessageBytes = 32 * 1024 * 1024

/** One whole message; clients must mask theirs. */
export function encodeFrame(opcode: number, payload: Uint8Array, mask?: Uint8Array): Uint8Array {
  const { length } = payload
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const maskBytes = mask === undefined ? 0 : 4
  const frame = new Uint8Array(2 + extended + maskBytes + length)
  const view = new DataView(frame.buffer)
  frame[0] = 0x80 | opcode
  frame[1] = (mask === undefined ? 0 : 0x80) | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) view.setUint16(2, length)
  if (extended === 8) view.setBigUint64(2, BigInt(length))
  const start = 2 + extended + maskBytes
  frame.set(payload, start)
  if (mask !== undefined) {
    frame.set(mask, start - 4)
    applyMask(frame.subarray(start), mask)
  }
  return frame
}

function applyMask(bytes: Uint8Array, mask: Uint8Array): void {
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = (bytes[index] ?? 0) ^ (mask[index & 3] ?? 0)
}

interface Head {
  readonly final: boolean
  readonly opcode: number
  readonly mask: Uint8Array | undefined
  readonly start: number
  readonly length: number
}

/** The head of the frame at the start of `bytes`; undefined until it is there. */
function readHead(bytes: Uint8Array): Head | undefined {
  const [first, second] = bytes
  if (first === undefined || second === undefined) return undefined
  const short = second & 0x7f
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0
  const masked = (second & 0x80) !== 0
  const start = 2 + extended + (masked ? 4 : 0)
  if (bytes.length < start) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const length = extended === 2 ? view.getUint16(2) : extended === 8 ? Number(view.getBigUint64(2)) : short
  if (length > maxMessageBytes) throw new RangeError('a WebSocket message is too large')
  const mask = masked ? new Uint8Array(bytes.subarray(start - 4, start)) : undefined
  return { final: (first & 0x80) !== 0, opcode: first & 0x0f, mask, start, length }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Whole messages and control frames of a stream, in order; throws RangeError for what is none. */
export async function* decodeFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let buffered: Uint8Array = new Uint8Array()
  let fragments: Uint8Array[] = []
  let fragmentOpcode = 0
  for await (const chunk of source) {
    buffered = buffered.length === 0 ? chunk : joined([buffered, chunk])
    for (let head = readHead(buffered); head !== undefined; head = readHead(buffered)) {
      const end = head.start + head.length
      if (buffered.length < end) break
      const payload = new Uint8Array(buffered.subarray(head.start, end))
      buffered = buffered.subarray(end)
      if (head.mask !== undefined) applyMask(payload, head.mask)
      if (head.opcode >= opcodes.close) {
        yield { opcode: head.opcode, payload }
        continue
      }
      if (head.opcode !== opcodes.continuation) fragmentOpcode = head.opcode
      fragments.push(payload)
      if (!head.final) continue
      yield { opcode: fragmentOpcode, payload: joined(fragments) }
      fragments = []
    }
  }
}
