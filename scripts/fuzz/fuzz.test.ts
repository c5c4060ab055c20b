import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'
import { targets } from './targets.ts'

const inputs = 400

test.each(targets)('$name takes whatever comes', (target) => {
  expect(fuzz(target, inputs, 42).inputs).toBe(inputs)
})

test.each(targets)('$name takes its seeds', (target) => {
  for (const seed of target.seeds) target.run(seed)
})
