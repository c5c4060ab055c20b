import { expect, test } from 'vitest'
import { simulate } from '../support/storm/simulate.ts'

test('a seed has one history, down to the millisecond', async () => {
  const first = await simulate(4)
  expect(first.history.length).toBeGreaterThan(500)
  expect((await simulate(4)).history).toEqual(first.history)
})
