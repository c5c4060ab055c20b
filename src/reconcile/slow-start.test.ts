import { expect, test } from 'vitest'
import { slowStart } from './slow-start.ts'

test('slowStart() doubles what it does at a time', async () => {
  let running = 0
  const sizes: number[] = []
  const result = await slowStart(10, async () => {
    running++
    await Promise.resolve()
    if (running > 0) sizes.push(running)
    running = 0
  })
  expect(sizes).toEqual([1, 2, 4, 3])
  expect(result).toEqual({ succeeded: 10, errors: [] })
})

test('slowStart() stops after the round in which a call fails', async () => {
  const calls: number[] = []
  const result = await slowStart(100, async (index) => {
    calls.push(index)
    if (index === 2) throw new Error('quota')
  })
  expect(calls).toEqual([0, 1, 2])
  expect(result).toEqual({ succeeded: 2, errors: [new Error('quota')] })
})
