import { expect, test } from 'vitest'
import { podWith } from '../../reconcile/testing/pods.ts'
import { ageRatios } from './age-ratios.ts'

const pod = (createdMs: number, isReady = true) =>
  podWith({ createdMs, ...(isReady ? { readySinceMs: createdMs } : {}) })

test('ageRatios() compares ready pods that go with the youngest ready one', () => {
  const [old, middle, young, unready] = [pod(0), pod(60_000), pod(80_000), pod(95_000, false)]
  const pods = [old, middle, young, unready]
  expect(ageRatios(pods, [young, unready, middle], 100_000)).toEqual([1, 2])
  expect(ageRatios(pods, [old], 100_000)).toEqual([5])
  expect(ageRatios([unready], [unready], 100_000)).toEqual([])
  expect(ageRatios([young], [young], 80_000)).toEqual([])
})
