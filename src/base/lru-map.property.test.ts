import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LruMap } from './lru-map.ts'

const capacity = 4
const key = fc.integer({ min: 0, max: 8 })
const step = fc.oneof(
  fc.record({ does: fc.constant('get' as const), key }),
  fc.record({ does: fc.constant('set' as const), key }),
  fc.record({ does: fc.constant('delete' as const), key }),
)

test('LruMap keeps what a list in the order of use would keep', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new LruMap<number, number>(capacity)
      let twin: (readonly [number, number])[] = []
      for (const [value, { does, key }] of steps.entries()) {
        const known = twin.find(([each]) => each === key)
        if (does === 'get') expect(map.get(key)).toBe(known?.[1])
        else if (does === 'set') map.set(key, value)
        else map.delete(key)
        if (does === 'get' && known === undefined) continue
        twin = twin.filter(([each]) => each !== key)
        if (does === 'set') twin.push([key, value])
        else if (does === 'get' && known !== undefined) twin.push(known)
        twin = twin.slice(-capacity)
        expect(map.size).toBe(twin.length)
      }
    }),
  )
})
