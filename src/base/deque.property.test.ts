import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deque } from './deque.ts'

test('Deque behaves as an array does', () => {
  const steps = fc.array(fc.oneof(fc.nat(), fc.constant('shift' as const), fc.constant('clear' as const)), {
    maxLength: 300,
    size: 'max',
  })
  fc.assert(
    fc.property(steps, (sequence) => {
      const deque = new Deque<number>()
      let twin: number[] = []
      for (const step of sequence) {
        if (step === 'shift') expect(deque.shift()).toBe(twin.shift())
        else if (step === 'clear' && twin.length > 40) {
          deque.clear()
          twin = []
        } else if (step !== 'clear') {
          deque.push(step)
          twin.push(step)
        }
        expect(deque.length).toBe(twin.length)
        expect(deque.at(twin.length >> 1)).toBe(twin[twin.length >> 1])
      }
      expect([...deque]).toEqual(twin)
      expect(deque.at(-1)).toBeUndefined()
      expect(deque.at(twin.length)).toBeUndefined()
    }),
  )
})
