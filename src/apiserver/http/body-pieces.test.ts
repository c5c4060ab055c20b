import { describe, expect, it } from 'vitest'
import { BodyPieces } from './body-pieces.ts'

describe('BodyPieces', () => {
  it('take() gives back what was added, once', () => {
    const pieces = new BodyPieces()
    expect(pieces.take()).toEqual(new Uint8Array())
    const all = Uint8Array.from({ length: 5000 }, (_, index) => index)
    for (let at = 0; at < all.length; at += 3) pieces.add(all.subarray(at, at + 3))
    expect(Buffer.from(pieces.take())).toEqual(Buffer.from(all))
    expect(pieces.take()).toEqual(new Uint8Array())
  })

  it('holds few arrays, however many pieces come', () => {
    const pieces = new BodyPieces()
    for (let index = 0; index < 300_000; index++) pieces.add(Uint8Array.of(index))
    expect(pieces.count).toBeLessThan(1200)
  })
})
