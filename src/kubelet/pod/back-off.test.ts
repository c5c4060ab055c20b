import { expect, test } from 'vitest'
import { BackOff } from './back-off.ts'

test('BackOff doubles from ten seconds to five minutes, and forgets after ten', () => {
  const backOff = new BackOff()
  const delays: number[] = []
  let nowMs = 0
  for (let crash = 0; crash < 8; crash++) {
    nowMs += backOff.remainingMs('a', nowMs, nowMs)
    backOff.step('a', nowMs, nowMs)
    delays.push(backOff.delayMs('a') / 1000)
  }
  expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300, 300])
  nowMs += 600_001
  expect(backOff.remainingMs('a', nowMs, nowMs)).toBe(0)
  backOff.step('a', nowMs, nowMs)
  expect(backOff.delayMs('a')).toBe(10_000)
})
