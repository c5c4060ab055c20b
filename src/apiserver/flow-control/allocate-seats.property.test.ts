import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allocateSeats, type SeatClass } from './allocate-seats.ts'
import { deal } from './dealer.ts'

const seatClass = fc
  .tuple(
    fc.double({ min: 0, max: 50, noNaN: true }),
    fc.double({ min: 0, max: 50, noNaN: true }),
    fc.double({ min: 0, max: 100, noNaN: true }),
  )
  .map(([lower, more, room]): SeatClass => ({ lower, target: lower + more, upper: lower + room }))

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)

test('allocateSeats() gives everything away, within bounds, and the same fraction to who meets none', () => {
  fc.assert(
    fc.property(
      fc.array(seatClass, { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (classes, where) => {
        const least = total(classes.map(({ lower }) => lower))
        const most = total(classes.map(({ upper }) => upper))
        const seats = Math.round(least + (most - least) * where)
        const given = allocateSeats(seats, classes)
        if (seats < least || seats > most) return
        expect(given).toBeDefined()
        if (given === undefined || seats === 0) return
        expect(total(given.seats)).toBeCloseTo(seats, 3)
        classes.forEach(({ lower, upper, target }, at) => {
          const got = given.seats[at] ?? 0
          expect(got).toBeGreaterThanOrEqual(lower - 1e-6)
          expect(got).toBeLessThanOrEqual(upper + 1e-6)
          if (got > lower + 1e-6 && got < upper - 1e-6)
            expect(got).toBeCloseTo(given.fairFraction * Math.max(target, 0.001), 3)
        })
      },
    ),
  )
})

test('allocateSeats() gives up where the bounds leave no way', () => {
  expect(allocateSeats(1, [{ lower: 2, target: 2, upper: 3 }])).toBeUndefined()
  expect(allocateSeats(4, [{ lower: 2, target: 2, upper: 3 }])).toBeUndefined()
})

test('deal() draws different cards, as often each', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (hash) => {
      const hand = deal(hash, 128, 6)
      expect(new Set(hand).size).toBe(6)
      expect(hand.every((card) => card >= 0 && card < 128)).toBe(true)
    }),
  )
  const counts = new Array<number>(8).fill(0)
  // All 8 · 7 · 6 hands.
  for (let hash = 0n; hash < 336n; hash++)
    for (const card of deal(hash, 8, 3)) counts[card] = (counts[card] ?? 0) + 1
  expect(counts).toEqual(new Array(8).fill(126))
})
