import { expect, test } from 'vitest'
import { type Measurement, measurements } from './effects.ts'

const [fairness, ...others] = measurements

test('who asks for little is not kept waiting by who asks for much', async () => {
  const effect = await fairness?.(1)
  expect([effect?.without, effect?.with]).toEqual([0, 30])
})

test.for<[number, Measurement]>(others.map((measure, index) => [index, measure]))(
  'an optional plugin does what it is for (%i)',
  async ([, measure]) => {
    const effect = await measure(1)
    expect(effect.with, effect.plugin).toBeLessThan(effect.without * 0.7)
  },
)
