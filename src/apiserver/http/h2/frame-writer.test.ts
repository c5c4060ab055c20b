import { expect, test } from 'vitest'
import { FrameWriter, type Room } from './frame-writer.ts'

/** What is emitted for one turn in which each text becomes the payload of a frame. */
function turn(writer: FrameWriter, texts: readonly string[]): { bytes: Buffer; room: Room }[] {
  const emitted: { bytes: Buffer; room: Room }[] = []
  writer.begin((bytes, room) => emitted.push({ bytes, room }))
  for (const text of texts) {
    writer.frame(text.length, 0, 0, 1)
    writer.payload(Buffer.from(text))
  }
  writer.end()
  return emitted
}

const payload = ({ bytes }: { bytes: Buffer }): string => bytes.subarray(9).toString()

test('FrameWriter leaves alone what has been emitted until it is released', () => {
  const writer = new FrameWriter()
  const large = 'x'.repeat(40_000)
  const first = turn(writer, ['one'])
  const second = turn(writer, [large, large, large])
  expect(first.map(payload)).toEqual(['one'])
  expect(second.map(payload)).toEqual([large, large, large])
  expect(new Set(second.map(({ room }) => room)).size).toBe(3)
})

test('FrameWriter uses released memory again', () => {
  const writer = new FrameWriter()
  const large = 'x'.repeat(40_000)
  const rooms = new Set<Room>()
  for (let round = 0; round < 100; round++) {
    for (const { room } of turn(writer, [large, 'small', large])) {
      rooms.add(room)
      writer.release(room)
    }
  }
  expect(rooms.size).toBeLessThanOrEqual(2)
})
