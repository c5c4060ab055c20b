import { expect, test } from 'vitest'
import { areInConflict } from './volume-label.ts'

test.each([
  ['', '', false],
  ['system_u:system_r:container_t:s0:c1,c2', 'system_u:system_r:container_t:s0:c1,c2', false],
  ['system_u:system_r:container_t:s0:c1,c2', ':::s0:c1,c2', false],
  ['system_u:system_r:container_t:s0:c1,c2', ':::s0:c98,c99', true],
  [':::s0:c1,c2', '', true],
  ['a:::s0', 'b:::s0', true],
])('areInConflict() of %j and %j is %j', (a, b, conflict) => {
  expect(areInConflict(a, b)).toBe(conflict)
  expect(areInConflict(b, a)).toBe(conflict)
})
