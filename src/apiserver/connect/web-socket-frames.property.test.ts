import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrames, encodeFrame, type Frame, opcodes } from './web-socket-frames.ts'

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (let index = 0; start < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    yield bytes.subarray(start, start + size)
    start += size
  }
}

const collect = async (source: AsyncIterable<Frame>): Promise<Frame[]> => {
  const frames: Frame[] = []
  for await (const frame of source) frames.push(frame)
  return frames
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.integer({ min: 65_530, max: 65_540 }).map((length) => new Uint8Array(length).fill(length & 0xff)),
)

describe('decodeFrames()', () => {
  it('gives what was encoded, however it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(payload, fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: undefined })),
          {
            maxLength: 5,
          },
        ),
        fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 5 }),
        async (messages, sizes) => {
          const bytes = Buffer.concat(messages.map(([data, mask]) => encodeFrame(opcodes.binary, data, mask)))
          const frames = await collect(decodeFrames(cut(bytes, sizes)))
          expect(frames.map((frame) => Buffer.from(frame.payload).toString('hex'))).toEqual(
            messages.map(([data]) => Buffer.from(data).toString('hex')),
          )
        },
      ),
      { numRuns: 30 },
    )
  })

  it('joins fragments and lets control frames pass between them', async () => {
    const first = encodeFrame(opcodes.text, Uint8Array.of(1))
    first[0] = opcodes.text
    const bytes = Buffer.concat([
      first,
      encodeFrame(opcodes.ping, Uint8Array.of(9)),
      encodeFrame(opcodes.continuation, Uint8Array.of(2)),
    ])
    expect(await collect(decodeFrames(cut(bytes, [3])))).toEqual([
      { opcode: opcodes.ping, payload: Uint8Array.of(9) },
      { opcode: opcodes.text, payload: Uint8Array.of(1, 2) },
    ])
  })
})
