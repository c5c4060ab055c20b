import { expect, test } from 'vitest'
import { collected, inSteps } from './in-steps.ts'

test('inSteps() lets others work between steps that take long', async () => {
  let nowMs = 0
  let turns = 0
  const host = {
    monotonicMs: () => nowMs,
    nextTurn: async () => {
      turns++
    },
  }
  function* slow(): Generator<number> {
    for (let index = 0; index < 10; index++) {
      nowMs += 2
      yield index
    }
  }
  expect(await inSteps(host, collected(slow()))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(turns).toBe(5)
})
